import { describe, expect, it } from "vitest";
import { authored } from "../../src/content/memory.ts";
import { cosignTag } from "../../src/oci/referrer.ts";
import { inspect } from "../../src/stories/inspect.ts";
import { makeArtifact, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import { makeAttested } from "../../fixtures/referrers.ts";
import { dray } from "../cli/terminal.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, TRUST } from "./lab.ts";

const image = makeMultiArch("listed");
const { digest, size, mediaType } = image.root.descriptor;
const subject = { digest, size, mediaType };

const CYCLONE = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  components: [
    { name: "openssl", version: "3.0.1", components: [{ name: "libcrypto", purl: "pkg:x" }] },
  ],
};

const STATEMENT = {
  _type: "https://in-toto.io/Statement/v1",
  predicateType: "https://cyclonedx.org/bom",
  subject: [{ name: "app", digest: { sha256: digest.slice(7) } }],
  predicate: CYCLONE,
};

function made(type: string, content: string, about?: object): MadeImage {
  return makeArtifact(authored(type, Buffer.from(content)), about);
}

function enveloped(document: object): string {
  const payload = Buffer.from(JSON.stringify(document)).toString("base64");
  return JSON.stringify({ payloadType: "application/vnd.in-toto+json", payload, signatures: [] });
}

describe("inspect --sbom", () => {
  it("lists packages of CycloneDX and SPDX, alone, in attestations and in a Sigstore bundle", async () => {
    const registry = await startRegistry();
    await fill(registry, image, "team/app:1.0");
    const plain = made("application/vnd.cyclonedx+json", JSON.stringify(CYCLONE), { subject });
    const bundle = made(
      "application/vnd.dev.sigstore.bundle.v0.3+json",
      `{"dsseEnvelope": ${enveloped(STATEMENT)}}`,
      { subject, annotations: { "dev.sigstore.bundle.content": "dsse-envelope" } },
    );
    const envelope = made("application/vnd.dsse.envelope.v1+json", enveloped(STATEMENT));
    const strange = made("text/spdx", "SPDXVersion: SPDX-2.3\n", { subject });
    await fill(registry, plain, "team/app:plain");
    await fill(registry, bundle, "team/app:bundle");
    await fill(registry, strange, "team/app:strange");
    await fill(registry, envelope, `team/app:${cosignTag(digest, "att")}`);
    await fill(registry, makeAttested("attested", ["amd64", "arm64"]), "team/built:1.0");
    const at = await desk(registry);
    await packImages(at, ["team/app:1.0", "team/built:1.0"]);
    const { sboms = [] } = await inspect({ path: at.output, trust: TRUST, sbom: true });
    const about = (name: string) => sboms.filter(({ images }) => images.join().endsWith(name));
    expect(
      about("/team/app:1.0")
        .map(({ format }) => format)
        .toSorted(),
    ).toEqual(["CycloneDX 1.6", "CycloneDX 1.6", "CycloneDX 1.6", "text/spdx"]);
    expect(about("/team/app:1.0").map(({ packages }) => packages?.length)).toContain(2);
    const built = about("/team/built:1.0");
    expect(built.map(({ packages }) => packages)).toEqual([
      [{ name: "zlib", version: "1.3" }],
      [{ name: "zlib", version: "1.3" }],
    ]);
    const { stdout } = await dray(["inspect", at.output, "--sbom"]);
    expect(stdout).toContain("  openssl    3.0.1\n  libcrypto         pkg:x\n");
    expect(stdout).toContain("text/spdx, in ");
  });

  it("says where there is none, and reads nothing behind the head unless it is asked to", async () => {
    const registry = await startRegistry();
    await fill(registry, image, "team/app:1.0");
    const at = await desk(registry);
    await packImages(at, ["team/app:1.0"]);
    expect((await dray(["inspect", at.output, "--sbom"])).stdout).toContain(
      "No list of contents was found.\n",
    );
    expect(await inspect({ path: at.output, trust: TRUST })).not.toHaveProperty("sboms");
  });
});
