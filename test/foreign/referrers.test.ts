import { describe, expect, it } from "vitest";
import { layoutMembers, named, tarFile, type LaidOut } from "../../fixtures/foreign.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import { makeAttested, makeList } from "../../fixtures/referrers.ts";
import { cosignAttestation, cosignSignature, sigstoreReferrer } from "../../fixtures/signatures.ts";
import { keyPen } from "../../fixtures/sigstore.ts";
import type { Finding } from "../../src/finding.ts";
import { cosignTag, referrersTag } from "../../src/oci/referrer.ts";
import { verify, type VerifyReport } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";
import { keyFile, rule } from "../trust/images/lab.ts";
import { codes, found, optionsFor } from "./lab.ts";

const HOME = "registry.example/team/app";
const SPDX = "https://spdx.dev/Document";

const pen = keyPen();
const image = makeImage([makeLayer("signed elsewhere", 500)]);
const other = makeImage([makeLayer("another", 500)]);
const { descriptor } = image.root;

const cosign = async (): Promise<{ signature: MadeImage; attestation: MadeImage }> => ({
  signature: await cosignSignature(descriptor, { pen }),
  attestation: await cosignAttestation(descriptor, SPDX, { pen }),
});

const bundles = async (): Promise<readonly MadeImage[]> => [
  await sigstoreReferrer(descriptor, { pen }),
  await sigstoreReferrer(descriptor, { pen }, SPDX),
];

function ofKind(made: MadeImage, kind: string): LaidOut {
  return { image: made, annotations: { kind: `dev.cosignproject.cosign/${kind}` } };
}

/** A list of referrers with the blobs of those that are there. */
function listed(all: readonly MadeImage[], present: readonly MadeImage[] = all): MadeImage {
  const { root } = makeList(all.map(({ root: { descriptor: one } }) => one));
  return { root, blobs: present.flatMap((one) => [...one.blobs, one.root]) };
}

/** What is found in a layout, and whether those vouch for the image who have to. */
async function looked(
  entries: readonly LaidOut[],
  choices: Parameters<typeof optionsFor>[1] = {},
): Promise<VerifyReport> {
  const path = await tarFile(layoutMembers(entries));
  const key = await keyFile(pen);
  const policy = [rule({ signedBy: [{ key }], attestations: ["sbom"] })];
  return verify({ ...optionsFor(path, { repository: HOME, ...choices }), policy });
}

function byDigest(made: readonly MadeImage[]): string[] {
  return made.map(({ root }) => `${HOME}@${root.descriptor.digest}`);
}

function namesIn(report: VerifyReport): string[] {
  return Object.keys(found(report)).toSorted();
}

function said({ findings }: VerifyReport, code: Finding["code"]): string[] {
  return findings.filter((one) => one.code === code).map(({ message }) => message);
}

describe("what is about an image in a layout of others", () => {
  it("has in that of `cosign save` neither name nor tag, and is about the one image", async () => {
    const { signature, attestation } = await cosign();
    const report = await looked([
      ofKind(image, "image"),
      ofKind(signature, "sigs"),
      ofKind(attestation, "atts"),
    ]);
    expect(codes(report)).toEqual([]);
    expect(codes(report, "info")).toContain("IMAGE_SIGNED");
    expect(namesIn(report)).toEqual(
      [
        `${HOME}@${descriptor.digest}`,
        `${HOME}:${cosignTag(descriptor.digest, "att")}`,
        `${HOME}:${cosignTag(descriptor.digest, "sig")}`,
      ].toSorted(),
    );
  });

  it("is about none where several have no name", async () => {
    const { signature } = await cosign();
    const entries = [ofKind(image, "image"), ofKind(other, "image"), ofKind(signature, "sigs")];
    const report = await looked(entries);
    expect(codes(report)).toContain("IMAGE_UNSIGNED");
  });

  it("has its own tags where regctl has written it", async () => {
    const { signature, attestation } = await cosign();
    const report = await looked([
      named(image, "1.0"),
      named(signature, cosignTag(descriptor.digest, "sig")),
      named(attestation, cosignTag(descriptor.digest, "att")),
    ]);
    expect(codes(report)).toEqual([]);
    expect(codes(report, "info")).toContain("IMAGE_SIGNED");
  });

  it("stands without a name where oras has written it", async () => {
    const made = await bundles();
    const report = await looked([named(image, "1.0"), ...made.map((one) => ({ image: one }))]);
    expect(codes(report)).toEqual([]);
    expect(codes(report, "info")).toContain("IMAGE_SIGNED");
    expect(namesIn(report)).toEqual([`${HOME}:1.0`, ...byDigest(made)].toSorted());
  });

  it("stands in a list where regctl has written it, and is taken without the list", async () => {
    const made = await bundles();
    const list = named(listed(made), referrersTag(descriptor.digest));
    const report = await looked([list, named(image, "1.0")]);
    expect(codes(report)).toEqual([]);
    expect(codes(report, "info")).toContain("IMAGE_SIGNED");
    expect(namesIn(report)).toEqual([`${HOME}:1.0`, ...byDigest(made)].toSorted());
    expect(report.manifest?.artifacts.filter(({ kind }) => kind === "referrer")).toHaveLength(2);
  });

  it("is said to be missing where only the list came along", async () => {
    const [signature, sbom] = await bundles();
    if (signature === undefined || sbom === undefined) throw new Error("there are two");
    const list = named(listed([signature, sbom], [signature]), referrersTag(descriptor.digest));
    const report = await looked([named(image, "1.0"), list]);
    expect(said(report, "REFERRERS_UNKNOWN")).toEqual([
      expect.stringContaining(`${sbom.root.descriptor.digest} is named, and it is not there`),
    ]);
    expect(codes(report)).toEqual(["IMAGE_UNATTESTED"]);
    expect(namesIn(report)).toEqual([`${HOME}:1.0`, ...byDigest([signature])]);
  });

  it("is not what a forged list says", async () => {
    const forged = [await sigstoreReferrer(other.root.descriptor, { pen }), other];
    const list = named(listed(forged), referrersTag(descriptor.digest));
    const report = await looked([named(image, "1.0"), list]);
    expect(said(report, "REFERRERS_UNKNOWN")).toHaveLength(2);
    expect(said(report, "REFERRERS_UNKNOWN").join()).toContain("it does not say so itself");
    expect(codes(report)).toEqual(["IMAGE_UNSIGNED"]);
    expect(namesIn(report)).toEqual([`${HOME}:1.0`]);
  });

  it("is refused where lists name more than anybody has", async () => {
    const { descriptor: missing } = other.root;
    const long = makeList(Array.from({ length: 20_000 }, () => missing));
    const list = named(long, referrersTag(descriptor.digest));
    const entries = Array.from({ length: 6 }, () => list);
    expect(await refusal(() => looked([named(image, "1.0"), ...entries]))).toMatchObject({
      code: "DRAY_LAYOUT_INVALID",
      message: expect.stringContaining("at most 100000 entries") as string,
    });
  });

  it("is named as missing where the signature came and the image did not", async () => {
    const [signature] = await bundles();
    if (signature === undefined) throw new Error("there are two");
    const report = await looked([named(other, "1.0"), { image: signature }]);
    expect(said(report, "SUBJECT_MISSING")).toHaveLength(1);
  });

  it("stands in the index where BuildKit has written it, for one platform too", async () => {
    const built = makeAttested("built elsewhere", ["amd64", "arm64"]);
    const whole = await looked([named(built, "1.0")]);
    expect(namesIn(whole)).toEqual([`${HOME}:1.0`]);
    expect(whole.manifest?.artifacts[0]?.digest).toBe(built.root.descriptor.digest);
    const one = await looked([named(built, "1.0")], { platforms: ["linux/arm64"] });
    expect(codes(one)).toEqual(["IMAGE_UNSIGNED"]);
    expect(one.manifest?.artifacts.map(({ kind }) => kind)).toEqual(["image", "referrer"]);
  });
});
