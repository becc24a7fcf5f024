import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  makeArtifact,
  makeImage,
  makeLayer,
  makeMultiArch,
  type MadeImage,
} from "../../../fixtures/images.ts";
import { makeAttested, makeCosigned } from "../../../fixtures/referrers.ts";
import {
  bundleReferrer,
  cosignAttestation,
  cosignSignature,
  sigstoreReferrer,
} from "../../../fixtures/signatures.ts";
import { keyPen, Sigstore, signWith, type Pen } from "../../../fixtures/sigstore.ts";
import { authored } from "../../../src/content/memory.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import type { ImageRule } from "../../../src/trust/images/image-rule.ts";
import { codesOf, judged, keyFile, PERSON, rootFile, rule, sigstore } from "./lab.ts";

const image = makeImage([makeLayer("judged", 100)]);
const { descriptor } = image.root;
const SPDX = "https://spdx.dev/Document";

async function wanting(pens: readonly Pen[], changes: Partial<ImageRule> = {}): Promise<ImageRule> {
  const signedBy = await Promise.all(pens.map(async (pen) => ({ key: await keyFile(pen) })));
  return rule({ signedBy, ...changes });
}

/** The images of an index. */
function childrenOf({ root }: MadeImage): Descriptor[] {
  const { mediaType } = root.descriptor;
  const manifest = parseManifest(root.bytes, { mediaType, what: "index" });
  const children = manifest.kind === "index" ? manifest.manifests : [];
  return children.filter(({ annotations }) => annotations === undefined);
}

const PENS: readonly (readonly [string, () => Pen])[] = [
  ["P-256", () => keyPen()],
  ["P-384", () => keyPen(generateKeyPairSync("ec", { namedCurve: "P-384" }))],
  ["P-521", () => keyPen(generateKeyPairSync("ec", { namedCurve: "P-521" }))],
  ["RSA", () => keyPen(generateKeyPairSync("rsa", { modulusLength: 2048 }))],
  ["Ed25519", () => keyPen(generateKeyPairSync("ed25519"))],
];

describe.each(PENS)("a signature with a key (%s)", (_, makePen) => {
  it("counts in each of its forms, and for that key alone", async () => {
    const pen = makePen();
    const [right, wrong] = [await wanting([pen]), await wanting([makePen()])];
    for (const make of [cosignSignature, sigstoreReferrer]) {
      const found = await make(descriptor, { pen });
      expect(codesOf(await judged(image, [found], right))).toEqual(["info IMAGE_SIGNED"]);
      const [refused] = await judged(image, [found], wrong);
      expect(refused).toMatchObject({ code: "IMAGE_UNSIGNED", severity: "error" });
      expect(refused?.message).toContain("it is by another key");
    }
  });
});

describe("a policy", () => {
  it("looks at the digest that was signed, whatever it stands beside", async () => {
    const pen = keyPen();
    const other = makeImage([makeLayer("something else", 100)]).root.descriptor;
    const asked = await wanting([pen]);
    for (const make of [cosignSignature, sigstoreReferrer]) {
      const [finding] = await judged(image, [await make(other, { pen })], asked);
      expect(finding?.code).toBe("IMAGE_UNSIGNED");
      expect(finding?.message).toContain(`it is about ${other.digest}, and not about this`);
    }
  });

  it("takes a bundle that has signed the bytes of the manifest themselves", async () => {
    const pen = keyPen();
    const bundleOf = (signed: Buffer, digest: string): object => ({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: "" } },
      messageSignature: {
        messageDigest: {
          algorithm: "SHA2_256",
          digest: Buffer.from(digest.slice(7), "hex").toString("base64"),
        },
        signature: signWith(pen, signed).toString("base64"),
      },
    });
    const right = bundleReferrer(descriptor, bundleOf(image.root.bytes, descriptor.digest));
    const wrong = bundleReferrer(descriptor, bundleOf(Buffer.from("{}"), descriptor.digest));
    const asked = await wanting([pen]);
    expect(codesOf(await judged(image, [right], asked))).toEqual(["info IMAGE_SIGNED"]);
    expect(codesOf(await judged(image, [wrong], asked))).toEqual(["error IMAGE_UNSIGNED"]);
  });

  it("counts different signers, each once", async () => {
    const [one, two] = [keyPen(), keyPen()];
    const both = await wanting([one, two], { require: 2 });
    const twice = await cosignSignature(descriptor, { pen: one }, { pen: one });
    expect(codesOf(await judged(image, [twice], both))).toEqual(["error IMAGE_UNSIGNED"]);
    const each = await cosignSignature(descriptor, { pen: one }, { pen: two });
    const [finding] = await judged(image, [each], both);
    expect(finding?.code).toBe("IMAGE_SIGNED");
    expect(finding?.message).toMatch(/signed by key \w{12} \(.*\) and key/);
  });

  it("counts one key that is named twice as one", async () => {
    const pen = keyPen();
    const twice = await wanting([pen, pen], { require: 2 });
    const found = await cosignSignature(descriptor, { pen });
    expect(codesOf(await judged(image, [found], twice))).toEqual(["error IMAGE_UNSIGNED"]);
  });

  it("asks for a log too where it names who vouches for the time of a key's signature", async () => {
    const [pen, log] = [keyPen(), await sigstore()];
    const trustedRoot = await rootFile(log);
    const asked = rule({ signedBy: [{ key: await keyFile(pen), trustedRoot }] });
    for (const make of [cosignSignature, sigstoreReferrer]) {
      const found = await make(descriptor, { pen, log });
      expect(codesOf(await judged(image, [found], asked))).toEqual(["info IMAGE_SIGNED"]);
      for (const other of [undefined, await Sigstore.start()]) {
        const unlogged = await make(descriptor, { pen, log: other });
        expect(codesOf(await judged(image, [unlogged], asked))).toEqual(["error IMAGE_UNSIGNED"]);
      }
    }
  });

  it("is content with every image of an index being signed, and says so", async () => {
    const pen = keyPen();
    const index = makeMultiArch("each", { size: 100 });
    const children = childrenOf(index);
    const beside = await Promise.all(
      children.map(async (about) => ({ ...(await cosignSignature(about, { pen })), about })),
    );
    const asked = await wanting([pen]);
    const [whole] = await judged(index, beside, asked);
    expect(whole).toMatchObject({ code: "IMAGE_SIGNED" });
    expect(whole?.message).toContain("each of its images; its index is not");
    expect(codesOf(await judged(index, beside.slice(1), asked))).toEqual(["error IMAGE_UNSIGNED"]);
  });

  it("wants what is to be attested from those whose signature counts", async () => {
    const [pen, stranger] = [keyPen(), keyPen()];
    const asked = await wanting([pen], { attestations: ["sbom", "https://acme.example/scan/v1"] });
    const signed = await cosignSignature(descriptor, { pen });
    const sbom = await cosignAttestation(descriptor, SPDX, { pen });
    const scan = await sigstoreReferrer(descriptor, { pen }, "https://acme.example/scan/v1");
    const foreign = await sigstoreReferrer(descriptor, { pen: stranger }, SPDX);
    expect(codesOf(await judged(image, [signed, sbom, scan], asked))).toEqual([
      "info IMAGE_SIGNED",
    ]);
    const [missing] = await judged(image, [signed, foreign, scan], asked);
    expect(missing).toMatchObject({ code: "IMAGE_UNATTESTED", severity: "error" });
    expect(missing?.message).toContain("lacks what has to be attested of it: sbom\n");
    expect(missing?.message).toContain("it is by another key");
  });

  it("takes no attestation for a signature, and no signature for an attestation", async () => {
    const pen = keyPen();
    const sbom = await cosignAttestation(descriptor, SPDX, { pen });
    expect(codesOf(await judged(image, [sbom], await wanting([pen])))).toEqual([
      "error IMAGE_UNSIGNED",
    ]);
    const signed = await sigstoreReferrer(descriptor, { pen });
    const attested = await wanting([pen], { require: 0, attestations: ["sbom"] });
    expect(codesOf(await judged(image, [signed], attested))).toEqual(["error IMAGE_UNATTESTED"]);
  });

  it("takes the statements that BuildKit puts into an index on the word of who signs that", async () => {
    const pen = keyPen();
    const index = makeAttested("built", ["amd64", "arm64"]);
    const asked = await wanting([pen], { attestations: ["sbom"] });
    const signed = await cosignSignature(index.root.descriptor, { pen });
    expect(codesOf(await judged(index, [signed], asked))).toEqual(["info IMAGE_SIGNED"]);
    const alone = { ...asked, require: 0 };
    expect(codesOf(await judged(index, [signed], alone))).toEqual(["error IMAGE_UNATTESTED"]);
  });

  it("goes by the first rule that is about an image, and says what none is about", async () => {
    const pen = keyPen();
    const found = await cosignSignature(descriptor, { pen });
    const strict = await wanting([keyPen()], { images: ["ghcr.io/acme/db", "quay.io/*"] });
    const lax = await wanting([pen], { images: ["ghcr.io/acme/*"] });
    const rest = await wanting([keyPen()]);
    expect(codesOf(await judged(image, [found], strict, lax, rest))).toEqual(["info IMAGE_SIGNED"]);
    const [uncovered] = await judged(image, [found], strict);
    expect(uncovered).toMatchObject({ code: "IMAGE_UNCOVERED", severity: "warning" });
  });

  it.each([
    ["ghcr.io/acme/web", true],
    ["ghcr.io/acme/web:1.0", true],
    ["ghcr.io/acme/web:*", true],
    ["ghcr.io/acme/we", false],
    ["ghcr.io/acme/web:1", false],
    ["acme/web", false],
    ["ghcr.io.acme/web", false],
  ])("of %s is about ghcr.io/acme/web:1.0: %s", async (pattern, isAbout) => {
    const asked = await wanting([keyPen()], { images: [pattern] });
    const [finding] = await judged(image, [], asked);
    expect(finding?.code).toBe(isAbout ? "IMAGE_UNSIGNED" : "IMAGE_UNCOVERED");
  });

  it("warns where the rule says so", async () => {
    const asked = await wanting([keyPen()], { unsigned: "warn" });
    const [finding] = await judged(image, [], asked);
    expect(finding).toMatchObject({ code: "IMAGE_UNSIGNED", severity: "warning" });
    expect(finding?.message).toContain("nothing that is signed about it came along");
  });

  it("says of what it does not understand that it does not", async () => {
    const pen = keyPen();
    const notation = withType("application/vnd.cncf.notary.signature");
    const [finding] = await judged(image, [notation], await wanting([pen]));
    expect(finding?.message).toContain("signatures of Notation are not read here");
    const rubbish = makeCosigned(descriptor, "not base64 at all!");
    expect(codesOf(await judged(image, [rubbish], await wanting([pen])))).toEqual([
      "error IMAGE_UNSIGNED",
    ]);
  });

  it("without rules says nothing", async () => {
    expect(await judged(image, [])).toEqual([]);
  });
});

/** A referrer whose type is that of its config. */
function withType(type: string): MadeImage {
  const layer = authored("application/jose+json", Buffer.from("{}"));
  return makeArtifact(layer, { artifactType: undefined, subject: descriptor }, type);
}

describe("the files of a policy", () => {
  it("are named where they cannot be used", async () => {
    const weak = keyPen(generateKeyPairSync("rsa", { modulusLength: 1024 }));
    const broken = await keyFile(keyPen());
    await writeFile(broken, "nothing");
    const trustedRoot = await keyFile(keyPen());
    const identity = { is: PERSON.identity };
    const cases: readonly (readonly [ImageRule["signedBy"][number], string])[] = [
      [{ key: "/nowhere/vendor.pub" }, "DRAY_KEY_NOT_FOUND"],
      [{ key: await keyFile(weak) }, "DRAY_KEY_UNSUPPORTED"],
      [{ key: broken }, "DRAY_KEY_INVALID"],
      [{ identity, issuer: identity, trustedRoot: "/nowhere/root.json" }, "DRAY_FILE_NOT_FOUND"],
      [{ identity, issuer: identity, trustedRoot }, "DRAY_TRUSTED_ROOT_INVALID"],
    ];
    for (const [signer, code] of cases) {
      const asked = rule({ signedBy: [signer] });
      await expect(judged(image, [], asked)).rejects.toMatchObject({ code, kind: "usage" });
    }
    await writeFile(trustedRoot, JSON.stringify({ mediaType: "application/json" }));
    const wrong = rule({ signedBy: [{ identity, issuer: identity, trustedRoot }] });
    await expect(judged(image, [], wrong)).rejects.toMatchObject({
      code: "DRAY_TRUSTED_ROOT_INVALID",
    });
  });
});
