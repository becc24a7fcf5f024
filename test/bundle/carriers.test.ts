import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  fileOf,
  framed,
  gzipped,
  makeTar,
  paxHeader,
  tarMember,
  type TarMember,
} from "../../fixtures/archives.ts";
import {
  makeBundle,
  makeChart,
  readEntries,
  resigned,
  tarOf,
  type BundleRecipe,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch, seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { APPLE_DOUBLE_MAGIC } from "../../src/archive/junk.ts";
import { inspect } from "../../src/stories/inspect.ts";
import { needs } from "../programs.ts";
import { carriers, changedManifest, check, errorCodes, sampleEntries, TRUST } from "./checking.ts";

const APPLE_DOUBLE = Buffer.concat([Buffer.from(APPLE_DOUBLE_MAGIC), Buffer.from("\0\x02\0\0")]);

function infoCodes({ findings }: { findings: readonly { code: string }[] }): string[] {
  return findings.map(({ code }) => code);
}

describe("what was written", () => {
  const image = fc
    .record({
      seeds: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
      platforms: fc.constantFrom<string[]>([], ["amd64"], ["amd64", "arm64", "riscv64"]),
    })
    .map(({ seeds, platforms }) =>
      platforms.length === 0
        ? makeImage(seeds.map((seed) => makeLayer(`layer-${seed}`, 500)))
        : makeMultiArch(`multi-${seeds.join("-")}`, { platforms, size: 300 }),
    );
  const anything = fc.record({
    images: fc.dictionary(
      fc.stringMatching(/^(r\.example|docker\.io)\/[a-z]{1,5}(\/[a-z]{1,5})?:[a-z0-9]{1,5}$/),
      image,
      { maxKeys: 4 },
    ),
    charts: fc
      .uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 3 })
      .map((names) => names.map((name) => ({ tgz: makeChart(name, "1.0.0") }))),
    files: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}\.[a-z]{1,3}$/), fc.string(), {
      maxKeys: 3,
    }),
  });
  // What has nothing in it is refused.
  const recipe: fc.Arbitrary<BundleRecipe> = anything.filter((part) =>
    Object.values(part).some((content) => Object.keys(content).length > 0),
  );

  it("opens as the same graph, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (made) => {
        const { path, parts } = await makeBundle(made);
        const report = await check(path);
        expect(report).toMatchObject({ good: true, findings: [], manifest: parts.document });
        const { artifacts } = await inspect({ path, trust: TRUST }, { workDirectory: "/nowhere" });
        const wanted = Object.entries(made.images ?? {}).map(([reference, { root }]) => [
          reference,
          root.descriptor.digest,
        ]);
        const found = artifacts
          .filter(({ kind }) => kind === "image")
          .map(({ reference, digest }) => [reference, digest]);
        expect(found).toEqual(wanted.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
        const blobs = [...(await readEntries(path)).keys()].filter((name) =>
          name.startsWith("blobs/"),
        );
        expect(artifacts.reduce((sum, { adds }) => sum + adds, 0)).toBe(
          [...parts.metadata, ...parts.blobs].reduce(
            (sum, { descriptor }) => sum + descriptor.size,
            0,
          ),
        );
        expect(blobs).toHaveLength(parts.metadata.length + parts.blobs.length);
      }),
      { numRuns: 15 },
    );
  });
});

describe("a good bundle that was carried some other way", () => {
  it("is good, with the same digest, whatever the carrier", async () => {
    const made = await makeBundle();
    for (const [how, path] of Object.entries(await carriers(await readEntries(made.path)))) {
      const { good, bundleDigest, findings } = await check(path);
      expect([how, good, bundleDigest, findings]).toEqual([how, true, made.bundleDigest, []]);
    }
  });

  it("is good in any order of its entries", async () => {
    const made = await makeBundle();
    const entries = await readEntries(made.path);
    const names = [...entries.keys()];
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(names, { minLength: names.length }),
        fc.boolean(),
        async (order, packed) => {
          const tar = tarOf(order.map((name) => [name, entries.get(name) ?? Buffer.alloc(0)]));
          const path = await fileOf(packed ? gzipped(tar, 1) : tar);
          expect(await check(path)).toMatchObject({
            good: true,
            bundleDigest: made.bundleDigest,
            findings: [],
          });
          const report = await inspect({ path, trust: TRUST }, { workDirectory: "/nowhere" });
          expect(report).toMatchObject({
            bundleDigest: made.bundleDigest,
            signedBy: [made.key?.id],
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it("is good with ./ before its names, with directories, and with other headers", async () => {
    const made = await makeBundle();
    const members: (TarMember | Buffer)[] = [{ name: "./", type: "5" }];
    for (const [name, content] of await readEntries(made.path)) {
      if (name.includes("/"))
        members.push({ name: `./${name.slice(0, name.lastIndexOf("/"))}/`, type: "5" });
      members.push(paxHeader({ mtime: "1.5", "LIBARCHIVE.creationtime": "1" }));
      members.push(
        tarMember({
          name: `./${name}`.length > 100 ? name : `./${name}`,
          content,
          magic: "ustar  \0",
        }),
      );
    }
    expect(await check(await fileOf(makeTar(members)))).toMatchObject({
      good: true,
      bundleDigest: made.bundleDigest,
      findings: [],
    });
  });

  it("is good in one folder that was added, and says so", async () => {
    const made = await makeBundle();
    const entries = [...(await readEntries(made.path))];
    const below = entries.map(([name, content]) => [`my bundle/${name}`, content] as const);
    for (const tar of [tarOf(below), tarOf(below.toReversed())]) {
      const report = await check(await fileOf(tar));
      expect(report).toMatchObject({ good: true, bundleDigest: made.bundleDigest });
      expect(infoCodes(report)).toEqual(["FOLDER_ADDED"]);
    }
  });

  it("is good in up to four folders, one in another, and says so", async () => {
    const made = await makeBundle();
    const entries = [...(await readEntries(made.path))];
    for (const folder of ["a/b/", "a/b/c/d/"]) {
      const tar = tarOf(entries.map(([name, content]) => [`${folder}${name}`, content]));
      for (const bytes of [tar, gzipped(tar), await framed(tar)]) {
        const report = await check(await fileOf(bytes));
        expect(report).toMatchObject({ good: true, bundleDigest: made.bundleDigest });
        expect(infoCodes(report)).toEqual(["FOLDER_ADDED"]);
      }
    }
    const deeper = tarOf(entries.map(([name, content]) => [`a/b/c/d/e/${name}`, content]));
    expect(errorCodes(await check(await fileOf(deeper)))).toEqual(["SUMS_MISSING"]);
  });

  it("is no bundle with something beside its folder, which is named", async () => {
    const entries = [...(await readEntries((await makeBundle()).path))];
    const tar = tarOf([
      ...entries.map(([name, content]) => [`a/${name}`, content] as const),
      ["b/x", Buffer.from("x")] as const,
    ]);
    const report = await check(await fileOf(tar));
    expect(errorCodes(report)).toEqual(["SUMS_MISSING"]);
    expect(report.findings[0]?.hint).toContain("Unpack the archive first. Name it alone: `a`.");
  });

  it("is asked for where there are several, by name", async () => {
    const entries = [...(await readEntries((await makeBundle()).path))];
    const tar = tarOf(
      ["one/", "two/"].flatMap((folder) =>
        entries.map(([name, content]) => [`${folder}${name}`, content] as const),
      ),
    );
    const report = await check(await fileOf(tar));
    expect(errorCodes(report)).toEqual(["BUNDLES_SEVERAL"]);
    expect(report.findings[0]?.message).toContain('found 2: in "one/", "two/"');
  });

  it("is one bundle where a file inside it is called like a list", async () => {
    const made = await makeBundle({ files: { "other/SHA256SUMS": "x", SHA256SUMS: "y" } });
    expect(await check(made.path)).toMatchObject({ good: true, findings: [] });
  });

  it("is good through a Mac: its junk is left out and counted", async () => {
    const made = await makeBundle();
    const members: TarMember[] = [{ name: "._sample", content: APPLE_DOUBLE }];
    for (const [name, content] of await readEntries(made.path)) {
      const slash = name.lastIndexOf("/") + 1;
      const double = `${name.slice(0, slash)}._${name.slice(slash)}`;
      if (double.length <= 100) members.push({ name: double, content: APPLE_DOUBLE });
      members.push({ name, content });
    }
    members.push(
      { name: ".DS_Store", content: "x" },
      { name: "charts/.DS_Store", content: "x" },
      { name: "__MACOSX/._SHA256SUMS", content: APPLE_DOUBLE },
    );
    const report = await check(await fileOf(gzipped(makeTar(members))));
    expect(report).toMatchObject({ good: true, bundleDigest: made.bundleDigest });
    expect(infoCodes(report)).toEqual(["JUNK_STRIPPED"]);
    expect(report.stripped.length).toBeGreaterThan(10);
  });

  it("is good through a Mac in a folder of its own", async () => {
    const entries = [...(await readEntries((await makeBundle()).path))];
    const tar = tarOf([
      ["._sample", APPLE_DOUBLE],
      [".DS_Store", Buffer.from("x")],
      ...entries.map(([name, content]) => [`sample/${name}`, content] as const),
      ["__MACOSX/._sample", APPLE_DOUBLE],
    ]);
    const report = await check(await fileOf(tar));
    expect(report.good).toBe(true);
    expect(infoCodes(report)).toEqual(["FOLDER_ADDED", "JUNK_STRIPPED"]);
  });

  it("reports text that is only named like AppleDouble", async () => {
    const entries = await readEntries((await makeBundle()).path);
    const report = await check(
      await fileOf(tarOf([...entries, ["._x", Buffer.from("just text")]])),
    );
    expect(errorCodes(report)).toContain("ENTRY_EXTRA");
    expect(report.findings.find(({ code }) => code === "ENTRY_EXTRA")).toMatchObject({
      entry: "._x",
    });
  });

  it("is good as the system's tar packs and unpacks it", async (context) => {
    needs(context, "tar");
    const made = await makeBundle();
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "out"));
    execFileSync("tar", ["-xzf", made.path, "-C", join(directory, "out")]);
    expect(await check(join(directory, "out"))).toMatchObject({
      good: true,
      form: "directory",
      bundleDigest: made.bundleDigest,
    });
    for (const [name, ...flags] of [
      ["again.tgz", "-czf"],
      ["again.tar", "-cf"],
      ["gnu.tar", "--format=gnu", "-cf"],
      ["pax.tgz", "--format=pax", "-czf"],
    ] as const) {
      const path = join(directory, name);
      for (const what of [".", "out"]) {
        execFileSync("tar", [
          ...flags,
          path,
          "-C",
          what === "." ? join(directory, "out") : directory,
          what,
        ]);
        expect(await check(path)).toMatchObject({
          good: true,
          bundleDigest: made.bundleDigest,
        });
      }
    }
  });

  it("unpacked with --strip-components gets its accident named", async (context) => {
    needs(context, "tar");
    const made = await makeBundle();
    const directory = await temporaryDirectory();
    execFileSync("tar", ["-xzf", made.path, "-C", directory, "--strip-components=1"]);
    const report = await check(directory);
    expect(errorCodes(report)).toEqual(["SUMS_MISSING"]);
    expect(report.findings[0]?.hint).toContain("--strip-components");
  });

  it("in a directory is refused with a file changed, added, missing or renamed", async (context) => {
    needs(context, "tar");
    const made = await makeBundle();
    const unpacked = async (): Promise<string> => {
      const directory = await temporaryDirectory();
      execFileSync("tar", ["-xzf", made.path, "-C", directory]);
      return directory;
    };
    const readMe = "files/notes/read-me.txt";
    const steps: Record<string, (directory: string) => Promise<void>> = {
      ENTRY_ALTERED: (directory) => writeFile(join(directory, readMe), "Hullo\n"),
      ENTRY_EXTRA: (directory) => writeFile(join(directory, "files/more.txt"), "x"),
      ENTRY_MISSING: (directory) => rm(join(directory, readMe)),
    };
    for (const [code, step] of Object.entries(steps)) {
      const directory = await unpacked();
      await step(directory);
      expect(errorCodes(await check(directory))).toContain(code);
    }
    const directory = await unpacked();
    await rename(join(directory, readMe), join(directory, "files/notes/README.txt"));
    expect(errorCodes(await check(directory))).toEqual(
      expect.arrayContaining(["ENTRY_MISSING", "ENTRY_EXTRA"]),
    );
  });
});

describe("a bundle that was compressed again", () => {
  it("is good where its documents begin with blanks", async () => {
    const image = makeImage([makeLayer("blanks", 100)]);
    const { authored } = await import("../../src/content/memory.ts");
    const config = authored(
      image.blobs[0]?.descriptor.mediaType ?? "",
      Buffer.from(`\n ${image.blobs[0]?.bytes.toString() ?? ""}`),
    );
    const manifest = JSON.parse(image.root.bytes.toString()) as object;
    const root = authored(
      image.root.descriptor.mediaType,
      Buffer.from(`\n\t ${JSON.stringify({ ...manifest, config: config.descriptor })}`),
    );
    const made = await makeBundle({
      images: { "registry.example/blanks:1": { root, blobs: [config, ...image.blobs.slice(1)] } },
    });
    const tar = tarOf(await readEntries(made.path));
    expect(await check(await fileOf(gzipped(tar)))).toMatchObject({ good: true, findings: [] });
    expect(await check(await fileOf(await framed(tar)))).toMatchObject({
      good: true,
      findings: [],
    });
  });

  it("is good with many files beside it that look like documents", async () => {
    // Random at its start, so that it does not shrink like a bomb.
    const large = Buffer.alloc(30 * 1024 * 1024, " ");
    seededBytes("documents", 500_000).copy(large);
    large.write("{");
    const names = ["a", "b", "c", "d", "e"].map((name) => `files/${name}.json`);
    const entries = changedManifest(await sampleEntries(), ({ files }) => {
      files.push(...names.map((path) => ({ path, size: large.length })));
    });
    for (const name of names) entries.set(name, large);
    const reversed = [...resigned(entries)].toReversed();
    expect(await check(await fileOf(gzipped(tarOf(reversed), 1)))).toMatchObject({
      good: true,
      findings: [],
    });
  });
});
