import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fileOf, gzipBomb, gzipped, makeTar, tarHeader } from "../../fixtures/archives.ts";
import { bundleFile, makeBundle, readEntries, resigned } from "../../fixtures/bundles.ts";
import { readChartArchive } from "../../src/chart/chart-archive.ts";
import { readVerified } from "../../src/content/verify.ts";
import { once } from "../../src/content/memory.ts";
import { DrayError } from "../../src/errors.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { parseIndexFile } from "../../src/oci/image-layout.ts";
import { peakMemory } from "./peak-memory.ts";
import { changed, check, sampleEntries } from "../bundle/checking.ts";

const MIB = 1024 * 1024;

/** A gzip bomb with damage at its end: who reads so far complains of that instead. */
function damagedBomb(name: string): Buffer {
  const bomb = gzipBomb({ name, size: 4 * 1024 ** 3 });
  bomb.subarray(-8).fill(0);
  return bomb;
}

describe("bounds", () => {
  it("CVE-2025-32386 (helm): a small chart that unpacks to gigabytes", async (context) => {
    const chart = gzipSync(
      makeTar([{ name: "web/Chart.yaml", content: "name: web\nversion: 1.0.0\n" }], {
        end: Buffer.alloc(0),
      }),
    );
    const bomb = Buffer.concat([chart, damagedBomb("web/values.yaml")]);
    expect(bomb.length).toBeLessThan(5_000_000);
    const path = await fileOf(bomb, "web.tgz");
    const { code, stderr, bytes } = await peakMemory(context, ["images", path]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("more than 104857600 bytes")]);
    expect(bytes).toBeLessThan(200 * MIB);
  });

  it("CVE-2025-32386 (helm): many files that are large together", async () => {
    const zeros = Buffer.alloc(4 * 1024 * 1024);
    const tar = makeTar(
      Array.from({ length: 27 }, (_, index) => ({ name: `web/f${index}`, content: zeros })),
    );
    await expect(readChartArchive(gzipSync(tar, { level: 1 }), "a chart")).rejects.toMatchObject({
      kind: "refused",
    });
  });

  it("CVE-2023-25153 (containerd): an index.json without end", async (context) => {
    const entries = await sampleEntries();
    const padded = changed(entries, "index.json", (content) =>
      Buffer.concat([content, Buffer.alloc(30_000_000, " ")]),
    );
    const path = await bundleFile(resigned(padded));
    const argv = ["verify", path, "--allow-unsigned"];
    const { code, stderr, bytes } = await peakMemory(context, argv);
    expect([code, stderr]).toEqual([3, expect.stringContaining("ENTRY_TOO_LARGE")]);
    expect(bytes).toBeLessThan(200 * MIB);
    expect(() => parseIndexFile(Buffer.alloc(30_000_000, " "), "index.json")).toThrow(DrayError);
  });

  it("CVE-2017-11468, CVE-2023-2253 (distribution): a manifest of 1 GB is left at its limit", async () => {
    let sent = 0;
    const source = {
      name: "endless",
      async *fetch() {
        for (; sent < 1e9; sent += 1e6) yield Buffer.alloc(1e6, " ");
      },
    };
    const digest = digestOf(Buffer.alloc(0));
    for (const size of [1e9, 1000]) {
      const expected = { mediaType: MediaType.ociManifest, digest, size };
      await expect(readVerified(source, expected)).rejects.toMatchObject({ kind: "refused" });
    }
    expect(sent).toBeLessThan(2e6);
  });

  it.each([
    ["goes in circles", '{"$ref":"#/a","a":{"$ref":"#"}}'],
    ["names a device", '{"$ref":"file:///dev/zero"}'],
    ["is deeper than any reader goes", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ])(
    "CVE-2025-32387, CVE-2025-55199 (helm): a values.schema.json that %s is carried, not followed",
    async (_what, schema) => {
      const tgz = gzipSync(
        makeTar([
          { name: "web/Chart.yaml", content: "apiVersion: v2\nname: web\nversion: 1.0.0\n" },
          { name: "web/values.schema.json", content: schema },
        ]),
      );
      const { path } = await makeBundle({ charts: [{ tgz }] });
      expect(await check(path)).toMatchObject({ good: true, findings: [] });
    },
  );

  it("GHSA-f36w-mj3v-6jqv (oras-go): a descriptor of 2^60 bytes allocates nothing", async () => {
    const bytes = Buffer.from("x");
    const source = { name: "there", fetch: () => once(bytes) };
    for (const size of [2 ** 40, 2 ** 52]) {
      const expected = { mediaType: "a/b", digest: digestOf(bytes), size };
      await expect(readVerified(source, expected)).rejects.toMatchObject({
        code: "DRAY_CONTENT_TOO_LARGE",
      });
    }
    const index = (size: string): Buffer =>
      Buffer.from(
        `{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"${digestOf(bytes)}","size":${size}}]}`,
      );
    for (const size of ["1152921504606846976", "1e300", "-1", "1.5", "9007199254740993"]) {
      expect(() => parseIndexFile(index(size), "index.json")).toThrow(DrayError);
    }
  });

  it("CVE-2023-46737, CVE-2024-29902, -29903 (cosign), CVE-2023-33957, -33958, CVE-2023-25656 (notation), CVE-2024-45395 (sigstore-go): signatures without end, in number and in size", async () => {
    const { path } = await makeBundle();
    const entries = await readEntries(path);
    for (const name of ["SHA256SUMS.sig", "SHA256SUMS.sigstore.json"]) {
      const huge = changed(entries, name, () => Buffer.alloc(20_000_000, "A"));
      expect((await check(await bundleFile(huge))).good).toBe(false);
    }
    for (let index = 0; index < 200; index++)
      await writeFile(`${path}.${index}.sigstore.json`, "{}");
    await expect(check(path)).rejects.toMatchObject({ kind: "refused" });
  });

  it.each([
    "",
    "null",
    "[]",
    "~",
    "---\n---\n",
    "name",
    "name: [",
    "a: &a *a",
    "? ? ?",
    "!!binary x",
    "name: {}\nversion: []",
  ])(
    "CVE-2022-23524, CVE-2022-36055, CVE-2024-26147, CVE-2025-55198 (helm): a Chart.yaml of %j",
    async (yaml) => {
      const tgz = gzipSync(makeTar([{ name: "web/Chart.yaml", content: yaml }]));
      await expect(readChartArchive(tgz, "a chart")).rejects.toBeInstanceOf(DrayError);
    },
  );

  it("gzip bombs: 4 MB that unpack to 4 GiB, and gzip inside gzip", async (context) => {
    const bomb = damagedBomb("zeros");
    const path = await fileOf(bomb);
    const argv = ["verify", path, "--allow-unsigned"];
    const { code, stderr, bytes } = await peakMemory(context, argv);
    expect([code, stderr]).toEqual([3, expect.stringContaining("ARCHIVE_TOO_LARGE")]);
    expect(bytes).toBeLessThan(200 * MIB);
    expect((await check(await fileOf(gzipSync(bomb)))).good).toBe(false);
  });

  it("gzip bombs: a bomb behind a good bundle", async () => {
    const tar = makeTar(
      [...(await sampleEntries())].map(([name, content]) => ({
        name,
        content,
      })),
      { end: Buffer.alloc(0) },
    );
    const path = await fileOf(
      Buffer.concat([gzipped(tar), gzipBomb({ name: "files/zeros", size: 1024 ** 3 })]),
    );
    expect((await check(path)).good).toBe(false);
  });

  it("a member that claims more than there is", async (context) => {
    const path = await fileOf(
      Buffer.concat([tarHeader({ name: "x", size: 2 ** 32 }), Buffer.alloc(10_000)]),
    );
    const { code, bytes } = await peakMemory(context, ["verify", path, "--allow-unsigned"]);
    expect(code).toBe(3);
    expect(bytes).toBeLessThan(150 * MIB);
  });
});
