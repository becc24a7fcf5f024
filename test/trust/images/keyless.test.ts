import { describe, expect, it } from "vitest";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../../fixtures/images.ts";
import {
  bundleReferrer,
  cosignAttestation,
  cosignSignature,
  sigstoreBundle,
  sigstoreReferrer,
  type Signing,
} from "../../../fixtures/signatures.ts";
import { keyPen, Sigstore } from "../../../fixtures/sigstore.ts";
import { authored } from "../../../src/content/memory.ts";
import type { Finding } from "../../../src/finding.ts";
import type { ImageRule } from "../../../src/trust/images/image-rule.ts";
import { codesOf, judged, PERSON, rootFile, rule, sigstore } from "./lab.ts";

const image = makeMultiArch("keyless", { size: 100 });
const other = makeImage([makeLayer("another", 100)]);

/** Both forms that signatures have. */
const FORMS = {
  "cosign 2's tag": (subject: MadeImage, signing: Signing) =>
    cosignSignature(subject.root.descriptor, signing),
  "a Sigstore bundle": (subject: MadeImage, signing: Signing) =>
    sigstoreReferrer(subject.root.descriptor, signing),
};

async function wanting(changes: Partial<typeof PERSON> = {}): Promise<ImageRule> {
  const { identity, issuer } = { ...PERSON, ...changes };
  const trustedRoot = await rootFile(await sigstore());
  const signer = { identity: { is: identity }, issuer: { is: issuer }, trustedRoot };
  return rule({ signedBy: [signer] });
}

function said([finding]: readonly Finding[]): string {
  return finding?.message ?? "";
}

describe.each(Object.entries(FORMS))("a signature without a key, in the form of %s", (_, make) => {
  it("counts for who the certificate says it is, by the word of whom it says", async () => {
    const log = await sigstore();
    const found = await make(image, { pen: await log.pen(PERSON), log });
    const findings = await judged(image, [found], await wanting());
    expect(codesOf(findings)).toEqual(["info IMAGE_SIGNED"]);
    expect(said(findings)).toContain(
      `signed by ${PERSON.identity}, by the word of ${PERSON.issuer}`,
    );
  });

  it("does not count for somebody else", async () => {
    const log = await sigstore();
    const pen = await log.pen({ ...PERSON, identity: "https://github.com/mallory/web" });
    const findings = await judged(image, [await make(image, { pen, log })], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toContain("it is by https://github.com/mallory/web");
  });

  it("does not count by the word of somebody else", async () => {
    const log = await sigstore();
    const pen = await log.pen({ ...PERSON, issuer: "https://accounts.mallory.example" });
    const findings = await judged(image, [await make(image, { pen, log })], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toContain("by the word of https://accounts.mallory.example");
  });

  it("does not count where it is about another image", async () => {
    const log = await sigstore();
    const found = await make(other, { pen: await log.pen(PERSON), log });
    const findings = await judged(image, [found], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toContain(`it is about ${other.root.descriptor.digest}`);
  });

  it("does not count where the certificate had expired when it was made", async () => {
    const log = await sigstore();
    const pen = await log.pen(PERSON, { expired: true });
    const findings = await judged(image, [await make(image, { pen, log })], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toContain("expired");
  });

  it("does not count with an entry of a log that is not trusted", async () => {
    const log = await sigstore();
    const foreign = await Sigstore.start();
    const found = await make(image, { pen: await log.pen(PERSON), log: foreign });
    const findings = await judged(image, [found], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toMatch(/inclusion promise could not be verified/);
  });

  it("does not count with a certificate of an authority that is not trusted", async () => {
    const log = await sigstore();
    const foreign = await Sigstore.start();
    const found = await make(image, { pen: await foreign.pen(PERSON), log });
    const findings = await judged(image, [found], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toMatch(/certificate/);
  });

  it("does not count without an entry of a log, which alone says when it was made", async () => {
    const log = await sigstore();
    const found = await make(image, { pen: await log.pen(PERSON) });
    expect(codesOf(await judged(image, [found], await wanting()))).toEqual([
      "error IMAGE_UNSIGNED",
    ]);
  });

  it("does not count with the entry of another signature", async () => {
    const log = await sigstore();
    const [pen, thief] = [await log.pen(PERSON), keyPen()];
    const stolen = { ...pen, key: thief.key };
    const found = await make(image, { pen: stolen, log });
    expect(codesOf(await judged(image, [found], await wanting()))).toEqual([
      "error IMAGE_UNSIGNED",
    ]);
  });
});

describe("an identity", () => {
  it("may be a pattern, which has to match all of it", async () => {
    const log = await sigstore();
    const found = await sigstoreReferrer(image.root.descriptor, {
      pen: await log.pen(PERSON),
      log,
    });
    const trustedRoot = await rootFile(log);
    const by = (identity: string, issuer: string): ImageRule =>
      rule({
        signedBy: [{ identity: { matches: identity }, issuer: { matches: issuer }, trustedRoot }],
      });
    const wide = by(String.raw`https://github\.com/acme/.*`, "https://token.*");
    expect(codesOf(await judged(image, [found], wide))).toEqual(["info IMAGE_SIGNED"]);
    for (const narrow of [by("https://github.com/acme", ".*"), by(".*", "token")]) {
      expect(codesOf(await judged(image, [found], narrow))).toEqual(["error IMAGE_UNSIGNED"]);
    }
  });

  it("that two entries name counts as one", async () => {
    const log = await sigstore();
    const found = await sigstoreReferrer(image.root.descriptor, {
      pen: await log.pen(PERSON),
      log,
    });
    const [one] = (await wanting()).signedBy;
    const again = { identity: { matches: ".*" }, issuer: { matches: ".*" } };
    const trustedRoot = await rootFile(log);
    const two = rule({ signedBy: one ? [one, { ...again, trustedRoot }] : [], require: 2 });
    expect(codesOf(await judged(image, [found], two))).toEqual(["error IMAGE_UNSIGNED"]);
  });

  it("may have attested something in either form", async () => {
    const log = await sigstore();
    const signing = { pen: await log.pen(PERSON), log };
    const type = "https://slsa.dev/provenance/v1";
    const asked = { ...(await wanting()), require: 0, attestations: ["slsa-provenance"] };
    for (const make of [
      () => cosignAttestation(image.root.descriptor, type, signing),
      () => sigstoreReferrer(image.root.descriptor, signing, type),
    ]) {
      expect(codesOf(await judged(image, [await make()], asked))).toEqual(["info IMAGE_SIGNED"]);
    }
  });
});

describe("a bundle that a stranger wrote", () => {
  it.each([
    ["no checkpoint", (bundle: string) => bundle.replace(/"checkpoint":\{[^}]*\}/, '"x":1')],
    ["another body", (bundle: string) => bundle.replace(/"canonicalizedBody":"..../, "$&AAAA")],
    ["another time", (bundle: string) => bundle.replace(/("integratedTime":")\d/, "$19")],
    ["no certificate", (bundle: string) => bundle.replace('"certificate"', '"nothing"')],
    ["half a certificate", (bundle: string) => bundle.replace(/("rawBytes":".{400})[^"]*/, "$1")],
    ["no bytes in base64", (bundle: string) => bundle.replace(/"sig":"/, '"sig":"%')],
    ["a list", () => "[]"],
    ["no JSON", () => "{"],
    [
      "a pattern for a name",
      (bundle: string) => bundle.replace(/\\u2014 \S+|— \S+/, "— ((.*)*)*!"),
    ],
  ])("with %s is no signature", async (_, change) => {
    const log = await sigstore();
    const signing = { pen: await log.pen(PERSON), log };
    const bundle = JSON.stringify(await sigstoreBundle(image.root.descriptor, signing));
    const changed = change(bundle);
    expect(changed).not.toBe(bundle);
    const found = bundleReferrer(image.root.descriptor, { bundle: 1 });
    const layer = Buffer.from(changed);
    const findings = await judged(image, [replaced(found, layer)], await wanting());
    expect(codesOf(findings)).toEqual(["error IMAGE_UNSIGNED"]);
    expect(said(findings)).toContain(`ghcr.io/acme/web@`);
  });
});

/** The same referrer with another layer. */
function replaced({ root, blobs: [config] }: MadeImage, bytes: Buffer): MadeImage {
  const manifest = JSON.parse(root.bytes.toString()) as { layers: { mediaType: string }[] };
  const layer = authored(manifest.layers[0]?.mediaType ?? "", bytes);
  const changed = { ...manifest, layers: [layer.descriptor] };
  const made = authored(root.descriptor.mediaType, Buffer.from(JSON.stringify(changed)));
  return { root: made, blobs: config === undefined ? [layer] : [config, layer] };
}
