import { open, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { gunzipSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { fileOf, gzipped } from "../../fixtures/archives.ts";
import {
  bundleFile,
  makeBundle,
  newKey,
  readEntries,
  sampleRecipe,
  SIGNER,
  tarOf,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import { MEMBER_BYTES } from "../../src/archive/members/gzip-members.ts";
import { inspect, type InspectReport } from "../../src/stories/inspect.ts";
import { BundleRefused } from "../../src/bundle/opened.ts";
import { changed, check, TRUST } from "../bundle/checking.ts";

function look(path: string, trust = TRUST): Promise<InspectReport> {
  return inspect({ path, trust }, { workDirectory: tmpdir() });
}

describe("inspect()", () => {
  it("says what a bundle holds, and what each artifact adds", async () => {
    const shared = makeLayer("shared", 5000);
    const one = makeImage([shared, makeLayer("one", 100)]);
    const two = makeImage([shared, makeLayer("two", 200)]);
    const made = await makeBundle({
      ...sampleRecipe(),
      images: {
        "r.example/a:1": one,
        "r.example/b:1": two,
        "r.example/c:1": makeMultiArch("c", { size: 100 }),
      },
    });
    const report = await look(made.path);
    expect(report).toMatchObject({
      name: "sample",
      version: "1.0.0",
      created: "1970-01-01T00:00:00Z",
      size: made.size,
      bundleDigest: made.bundleDigest,
      signedBy: [SIGNER.id],
      files: [{ path: "files/notes/read-me.txt", size: 6 }],
      findings: [],
    });
    const [chart, a, b, c] = report.artifacts;
    expect([chart?.kind, a?.reference, b?.reference, c?.reference]).toEqual([
      "chart",
      "r.example/a:1",
      "r.example/b:1",
      "r.example/c:1",
    ]);
    expect(a?.adds).toBe(a?.size);
    expect(b?.adds).toBe((b?.size ?? 0) - shared.descriptor.size);
    expect(c?.platforms).toEqual(["linux/amd64", "linux/arm64"]);
    expect(c?.children.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
  });

  it("looks into a bundle of files alone", async () => {
    const made = await makeBundle({ files: { a: "x", b: "yy" } });
    expect(await look(made.path)).toMatchObject({
      artifacts: [],
      files: [{ size: 1 }, { size: 2 }],
      findings: [],
    });
  });

  it("reads the head only: what is behind it may be lost", async () => {
    const made = await makeBundle({
      images: { "r.example/large:1": makeImage([makeLayer("large", 20_000_000)]) },
    });
    const file = await open(made.path, "r+");
    onTestFinished(() => file.close());
    // A hole from the second member to the last, whose header is kept.
    const last = Math.floor(made.size / MEMBER_BYTES) * MEMBER_BYTES;
    await file.write(Buffer.alloc(last - MEMBER_BYTES), 0, last - MEMBER_BYTES, MEMBER_BYTES);
    expect(await look(made.path)).toMatchObject({ bundleDigest: made.bundleDigest, findings: [] });
    expect((await check(made.path)).good).toBe(false);
  });

  it("reads the head only of a plain tar, which may be cut behind it", async () => {
    const made = await makeBundle({
      images: { "r.example/large:1": makeImage([makeLayer("large", 5_000_000)]) },
    });
    const path = await fileOf(gunzipSync(await readFile(made.path)));
    await truncate(path, 100_000);
    expect(await look(path)).toMatchObject({ bundleDigest: made.bundleDigest, findings: [] });
    expect((await check(path)).good).toBe(false);
  });

  it("names who has signed among those whom it is told to trust, and refuses nobody", async () => {
    const made = await makeBundle(undefined, { key: newKey() });
    expect((await look(made.path)).signedBy).toEqual([]);
    const unsigned = await makeBundle(undefined, { key: "none" });
    expect((await look(unsigned.path, { keys: [] })).signedBy).toEqual([]);
  });

  it("sees a signature wherever it stands", async () => {
    const entries = [...(await readEntries((await makeBundle()).path))];
    for (const late of [/^SHA256SUMS\.sig/, /sigstore/, /^SHA256SUMS\.sig$/, /^SHA256SUMS/]) {
      const order = [
        ...entries.filter(([name]) => !late.test(name)),
        ...entries.filter(([name]) => late.test(name)),
      ];
      expect((await look(await fileOf(tarOf(order)))).signedBy).toEqual([SIGNER.id]);
      expect((await look(await fileOf(gzipped(tarOf(order))))).signedBy).toEqual([SIGNER.id]);
    }
  });

  it("is not led astray by files that are named like documents", async () => {
    const made = await makeBundle({
      ...sampleRecipe(),
      files: {
        "index.json": '{"schemaVersion":2,"manifests":[]}',
        "bundle.json": "{}",
        SHA256SUMS: "x",
        "oci-layout": "{}",
      },
    });
    const entries = [...(await readEntries(made.path))];
    const own = entries.filter(([name]) => name.startsWith("files/"));
    const rest = entries.filter(([name]) => !name.startsWith("files/"));
    for (const order of [entries, [...own, ...rest], [...rest, ...own]]) {
      expect(await look(await fileOf(tarOf(order)))).toMatchObject({
        bundleDigest: made.bundleDigest,
      });
    }
  });

  it("refuses what is wrong in the head, with all findings", async () => {
    let entries = await readEntries((await makeBundle()).path);
    entries = changed(entries, "bundle.json", (content) => `${content.toString()} `);
    entries.delete("README.txt");
    const path = await bundleFile(entries);
    const refusal = await look(path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BundleRefused);
    expect(refusal).toMatchObject({ code: "DRAY_BUNDLE_REFUSED", kind: "refused" });
    expect((refusal as BundleRefused).findings.length).toBeGreaterThan(0);
  });

  it("refuses what is no bundle", async () => {
    const path = await fileOf(Buffer.from("no bundle"));
    await expect(look(path)).rejects.toMatchObject({ kind: "refused" });
    await writeFile(path, "");
    await expect(look(path)).rejects.toMatchObject({ kind: "refused" });
  });

  it("stops when it is told to", async () => {
    const { path } = await makeBundle();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      inspect({ path, trust: TRUST }, { workDirectory: tmpdir(), signal }),
    ).rejects.toThrow("enough");
  });
});
