import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cutAnswerAfter, refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { verify } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { blobBytesSent, desk, filesBelow, packImages, TRUST } from "./lab.ts";

async function isAccepted(path: string): Promise<boolean> {
  const report = await verify(
    { path, trust: TRUST },
    { workDirectory: await temporaryDirectory() },
  );
  return report.findings.every(({ severity }) => severity !== "error");
}

describe("pack", () => {
  it("writes one bundle that verifies, with everything that the images need", async () => {
    const registry = await startRegistry();
    const [one, two] = [makeMultiArch("one"), makeMultiArch("two")];
    await fill(registry, one, "team/one:1.0");
    await fill(registry, two, "team/two:1.0");
    const at = await desk(registry);
    const { manifest, written, plan } = await packImages(at, ["team/one:1.0", "team/two:1.0"]);
    expect(await filesBelow(at.directory)).toEqual(["bundle.tar.gz", "bundle.tar.gz.sha256"]);
    expect(written?.path).toBe(at.output);
    const sum = createHash("sha256")
      .update(await readFile(at.output))
      .digest("hex");
    expect(await readFile(`${at.output}.sha256`, "utf8")).toBe(`${sum}  bundle.tar.gz\n`);
    expect(manifest?.artifacts).toMatchObject([
      {
        kind: "image",
        reference: `${registry.host}/team/one:1.0`,
        digest: one.root.descriptor.digest,
      },
      {
        kind: "image",
        reference: `${registry.host}/team/two:1.0`,
        digest: two.root.descriptor.digest,
      },
    ]);
    expect(plan.filtered).toEqual([]);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("downloads nothing the second time, and writes the same bundle", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("twice"));
    const at = await desk(registry);
    const first = await packImages(at, ["team/app:1.0"]);
    registry.forget();
    const second = await packImages(at, ["team/app:1.0"]);
    expect(blobBytesSent(registry)).toBe(0);
    expect(second.plan.download).toBe(0);
    // What the tag means, and whether anything refers to it: no content.
    expect(registry.requests("GET").map(({ path }) => path)).toEqual([
      "/v2/",
      expect.stringMatching(/^\/v2\/team\/app\/referrers\/sha256:[0-9a-f]{64}$/),
    ]);
    expect(second.written?.bundleDigest).toBe(first.written?.bundleDigest);
  });

  it("downloads only what is new, and a shared layer once", async () => {
    const registry = await startRegistry();
    const base = makeLayer("base", 200_000);
    const own = makeLayer("own", 50_000);
    const first = makeImage([base]);
    const second = makeImage([base, own]);
    await fill(registry, first, "team/first:1.0");
    await fill(registry, second, "team/second:1.0");
    const at = await desk(registry);
    await packImages(at, ["team/first:1.0"]);
    registry.forget();
    const { plan } = await packImages(at, ["team/first:1.0", "team/second:1.0"]);
    const fresh = (second.blobs[0]?.bytes.length ?? 0) + own.bytes.length;
    expect(blobBytesSent(registry)).toBe(fresh);
    expect(plan.download).toBe(fresh + second.root.bytes.length);
  });

  it("goes on where an interrupted run stopped, inside a blob too", async () => {
    const registry = await startRegistry();
    const layers = [1, 2, 3].map((part) => makeLayer(`part-${part}`, 400_000));
    const image = makeImage(layers);
    await fill(registry, image);
    const at = await desk(registry);
    const cut = { path: /\/blobs\//, method: "GET" };
    registry.inject(cut, refuse(403, "DENIED"));
    registry.inject({ ...cut, times: 3 }, cutAnswerAfter(150_000));
    await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
      code: "DRAY_REGISTRY_DENIED",
    });
    expect(await filesBelow(at.directory)).toEqual([]);
    const before = blobBytesSent(registry);
    expect(before).toBeGreaterThan(100_000);
    registry.mend();
    await packImages(at, ["team/app:1.0"]);
    const blobs = image.blobs.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(blobBytesSent(registry)).toBeLessThan(blobs + 64 * 1024 * 3);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("cannot write where its sums would have no place, which is said before anything is asked", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    await mkdir(`${at.output}.sha256`);
    const error = await refusal(() => packImages(at, ["team/app:1.0"]));
    expect([error.code, error.message]).toEqual([
      "DRAY_OUTPUT_REFUSED",
      expect.stringContaining("Cannot write list of sums"),
    ]);
    expect(registry.seen).toEqual([]);
  });

  it("replaces a list of sums that was left, and nothing else of its name", async () => {
    const registry = await startRegistry();
    await fill(registry, makeMultiArch("app"), "team/app:1.0");
    const at = await desk(registry);
    await writeFile(`${at.output}.sha256`, "notes of mine\n");
    const error = await refusal(() => packImages(at, ["team/app:1.0"], { force: false }));
    expect([error.code, error.message]).toEqual([
      "DRAY_FILE_EXISTS",
      expect.stringContaining("bundle.tar.gz.sha256"),
    ]);
    expect(await readFile(`${at.output}.sha256`, "utf8")).toBe("notes of mine\n");
    await writeFile(`${at.output}.sha256`, `${"0".repeat(64)}  bundle.tar.gz\n`);
    await packImages(at, ["team/app:1.0"], { force: false });
    expect(await readFile(`${at.output}.sha256`, "utf8")).not.toContain("0".repeat(64));
  });

  it("gives the same digest and the same list of sums from any store, in any order", async () => {
    const registry = await startRegistry();
    for (const name of ["a", "b", "c"]) await fill(registry, makeMultiArch(name), `team/${name}:1`);
    const first = await packImages(await desk(registry), ["team/a:1", "team/b:1", "team/c:1"]);
    const second = await packImages(await desk(registry), ["team/c:1", "team/a:1", "team/b:1"]);
    expect(second.written?.bundleDigest).toBe(first.written?.bundleDigest);
    expect(second.manifest).toEqual(first.manifest);
  });

  it("packs forty images at the same time", async () => {
    const registry = await startRegistry();
    const base = makeLayer("common", 100_000);
    const names = Array.from({ length: 40 }, (_item, index) => `team/app-${index}:1.0`);
    for (const name of names) await fill(registry, makeImage([base, makeLayer(name, 5000)]), name);
    const at = await desk(registry);
    const { manifest } = await packImages(at, names);
    expect(manifest?.artifacts).toHaveLength(40);
    const pulls = registry
      .requests("GET", /\/blobs\//)
      .map(({ path }) => path.replace(/.*sha256/, ""));
    expect(pulls.length).toBe(new Set(pulls).size);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("packs an image once that two lists name", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("doubled"));
    const { manifest } = await packImages(await desk(registry), ["team/app:1.0", "team/app:1.0"]);
    expect(manifest?.artifacts).toHaveLength(1);
  });

  it("packs what is pinned by digest, with and without its tag", async () => {
    const registry = await startRegistry();
    const { root } = oneLayerImage("pinned");
    await fill(registry, oneLayerImage("pinned"));
    const { digest } = root.descriptor;
    const names = [`team/app@${digest}`, `team/app:9.9@${digest}`];
    const { manifest } = await packImages(await desk(registry), names);
    expect(manifest?.artifacts.map((artifact) => artifact.digest)).toEqual([digest, digest]);
  });

  it("in a dry run resolves everything, says what it would do, and writes nothing", async () => {
    const registry = await startRegistry();
    const image = oneLayerImage("rehearsed");
    await fill(registry, image);
    const at = await desk(registry);
    const lockPath = join(at.directory, "lock.json");
    const rehearsed = await packImages(at, ["team/app:1.0"], { dryRun: true, lockPath });
    const { plan, written, fileSize } = rehearsed;
    expect(written).toBeUndefined();
    expect(plan.download).toBeGreaterThan(image.layer.size);
    expect(plan.contents).toMatchObject([{ kind: "image", platforms: ["linux/amd64"] }]);
    expect(await filesBelow(at.directory)).toEqual([]);
    await expect(filesBelow(at.store)).rejects.toMatchObject({ code: "ENOENT" });
    expect(registry.requests("GET", /\/blobs\//)).toHaveLength(1);
    const packed = await packImages(at, ["team/app:1.0"]);
    // Two small files more are its signature.
    expect(fileSize).toBe((packed.written?.size ?? 0) - 2048);
    expect(fileSize).toBeGreaterThan(plan.size);
  });

  it("asks no registry at all where it is not needed", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const path = join(await temporaryDirectory(), "note.txt");
    await writeFile(path, "hello");
    await packImages(at, [], { recipe: { files: [{ path, as: "note.txt" }] } });
    expect(registry.seen).toEqual([]);
    expect(await isAccepted(at.output)).toBe(true);
  });
});
