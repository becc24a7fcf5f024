import { describe, expect, it } from "vitest";
import { makeBundle, newKey, readEntries, SIGNER } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { collect } from "../../src/content/content.ts";
import { once } from "../../src/content/memory.ts";
import { readVerified, verified } from "../../src/content/verify.ts";
import { DrayError } from "../../src/errors.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { blobPath } from "../../src/oci/image-layout.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { checkSignatures } from "../../src/trust/policy.ts";
import { signDetached } from "../../src/trust/detached.ts";
import {
  changed,
  check,
  checkEntries,
  checkResigned,
  errorCodes,
  TRUST,
  sampleEntries,
} from "../bundle/checking.ts";

describe("integrity", () => {
  it("CVE-2024-3727 (containers/image): a digest is checked before it is part of a path", () => {
    for (const text of [
      "sha256:../../../etc/passwd",
      `sha256:${"a".repeat(63)}`,
      `sha256:${"A".repeat(64)}`,
      `sha256:${"a".repeat(62)}/x`,
      `../sha256:${"a".repeat(64)}`,
      `sha256:${"a".repeat(64)}/../../x`,
    ]) {
      expect(() => blobPath(parseDigest(text))).toThrow(DrayError);
    }
  });

  it("GHSA-qv35-3gw6-8q4j (regclient): other bytes than the digest pinned", async () => {
    const { root } = makeImage([makeLayer("pinned", 10)]);
    const other = makeImage([makeLayer("other", 10)]).root;
    const source = { name: "a liar", fetch: () => once(other.bytes) };
    await expect(readVerified(source, root.descriptor)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    const expected = { ...root.descriptor, size: other.bytes.length };
    await expect(
      collect(verified(once(other.bytes), expected, { from: "a liar" })),
    ).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
  });

  it.each([
    ["GHSA-mc8v-mgrf-8f4m", { manifests: [], layers: [], config: {} }],
    ["GHSA-77vh-xpmg-72qh", { manifests: [], layers: [] }],
    ["GHSA-5j5w-g665-5m35", { manifests: [], config: {} }],
    ["GHSA-qq97-vm5h-rrhg", { manifests: [], fsLayers: [] }],
    ["in another spelling", { manifests: [], Layers: [] }],
  ])("CVE-2021-41190 (%s): one document that is a manifest and an index", (_id, fields) => {
    for (const mediaType of [MediaType.ociManifest, MediaType.ociIndex, MediaType.dockerList]) {
      const raw = Buffer.from(JSON.stringify({ schemaVersion: 2, ...fields }));
      expect(() => parseManifest(raw, { mediaType, what: "it" })).toThrow(
        expect.objectContaining({ code: "DRAY_MANIFEST_AMBIGUOUS" }),
      );
    }
  });

  it("CVE-2021-41190: one document in which a name stands twice", () => {
    const raw = Buffer.from('{"schemaVersion":2,"manifests":[],"manifests":[]}');
    expect(() => parseManifest(raw, { mediaType: MediaType.ociIndex, what: "it" })).toThrow(
      DrayError,
    );
  });

  it("bundle level: the list covers names, and every file", async () => {
    const entries = await sampleEntries();
    const [one = "", two = ""] = [...entries.keys()].filter((name) => name.startsWith("blobs/"));
    const swapped = new Map(entries)
      .set(one, entries.get(two) ?? Buffer.alloc(0))
      .set(two, entries.get(one) ?? Buffer.alloc(0));
    const renamed = new Map(
      [...entries].map(([name, content]) => [name.replace("README", "README2"), content]),
    );
    const added = new Map(entries).set("evil.sh", Buffer.from("x"));
    for (const bad of [swapped, renamed, added]) expect((await checkEntries(bad)).good).toBe(false);
  });

  it("bundle level: a second index.json is neither first nor last", async () => {
    const entries = [...(await sampleEntries())];
    const second = ["index.json", Buffer.from('{"schemaVersion":2,"manifests":[]}')] as const;
    for (const order of [
      [second, ...entries],
      [...entries, second],
    ]) {
      expect(errorCodes(await checkEntries(order))).toContain("ENTRY_DUPLICATE");
    }
  });
});

describe("signatures", () => {
  it("CVE-2026-35205 (helm): a signature that is missing is no signature", async () => {
    let entries = changed(await sampleEntries(), "SHA256SUMS.sig", () => undefined);
    expect((await checkEntries(entries)).good).toBe(false);
    entries = changed(entries, "SHA256SUMS.sigstore.json", () => undefined);
    expect(errorCodes(await checkEntries(entries))).toEqual(["SIGNATURE_MISSING"]);
  });

  it("CVE-2022-35929 (cosign): a statement of another kind is no signature", () => {
    const message = Buffer.from("the list");
    const { signature } = signDetached(SIGNER, message);
    const statement = {
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { publicKey: { hint: SIGNER.id } },
      dsseEnvelope: {
        payload: "",
        payloadType: "application/vnd.in-toto+json",
        signatures: [{ sig: signature.toString("base64") }],
      },
    };
    const bytes = Buffer.from(JSON.stringify(statement));
    const { signedBy, findings } = checkSignatures(message, [{ entry: "x", bytes }], TRUST);
    expect([signedBy, findings.map(({ code }) => code)]).toEqual([
      [],
      ["SIGNATURE_UNREADABLE", "SIGNATURE_NOT_TRUSTED"],
    ]);
  });

  it("CVE-2022-36056 (cosign), CVE-2023-33959 (notation-go): a signature that belongs to another bundle", async () => {
    const other = await readEntries((await makeBundle({ files: { a: "other" } })).path);
    let entries = await sampleEntries();
    for (const name of ["SHA256SUMS.sigstore.json", "SHA256SUMS.sig"]) {
      entries = changed(entries, name, () => other.get(name) ?? "");
    }
    expect(errorCodes(await checkEntries(entries))).toContain("SIGNATURE_INVALID");
  });

  it("a key that travels in the bundle is not asked", async () => {
    const stranger = newKey();
    const pem = stranger.publicKey.key.export({ type: "spki", format: "pem" }).toString();
    const made = await makeBundle(
      { files: { "trusted.pub": pem, "cosign.pub": pem } },
      { key: stranger },
    );
    expect((await check(made.path)).good).toBe(false);
  });

  it("no key at all trusts nobody", async () => {
    const { path } = await makeBundle();
    const report = await check(path, { keys: [] });
    expect(errorCodes(report)).toEqual(["SIGNATURE_NO_KEY"]);
    expect((await checkResigned(await sampleEntries())).good).toBe(true);
  });
});
