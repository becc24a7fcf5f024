import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execFileSync } from "node:child_process";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileOf, framed, gzipped, makeTar } from "../../fixtures/archives.ts";
import {
  bundleFile,
  makeBundle,
  readEntries,
  resigned,
  sampleRecipe,
  tarOf,
  type Entries,
} from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { authored } from "../../src/content/memory.ts";
import { inspect } from "../../src/stories/inspect.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { needs } from "../programs.ts";
import { changed, check, checkEntries, errorCodes, sampleEntries, TRUST } from "./checking.ts";

const gone = (): undefined => undefined;
const asText = (content: Buffer): Buffer =>
  Buffer.from(content.toString("latin1").replaceAll("\n", "\r\n"), "latin1");

function isText(name: string): boolean {
  return !name.endsWith(".tgz") && !name.includes("blobs");
}

/** Unpacks what was mended; what comes out is what was packed. */
async function expectWhole(path: string, wanted: Entries): Promise<void> {
  const directory = join(await temporaryDirectory(), "out");
  const { files } = await unpack({ path, trust: TRUST, directory }, { workDirectory: tmpdir() });
  expect(files).toBe(wanted.size);
  for (const [name, content] of wanted) {
    expect([name, (await readFile(join(directory, name))).equals(content)]).toEqual([name, true]);
  }
  expect(await check(directory)).toMatchObject({ good: true, findings: [] });
}

async function directoryOf(entries: Entries): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, content] of entries) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

/** The same entries under other names. */
function renamed(entries: Entries, rename: (name: string) => string): Entries {
  return new Map([...entries].map(([name, content]) => [rename(name), content]));
}

describe("a lost file", () => {
  it.each([["oci-layout"], ["index.json"], ["oci-layout", "index.json"]])(
    "is made again, in any carrier: %s %s",
    async (...names) => {
      const whole = await sampleEntries();
      let entries = whole;
      for (const name of names.filter(Boolean)) entries = changed(entries, name, gone);
      const tar = tarOf(entries);
      for (const path of [
        await fileOf(await framed(tar)),
        await fileOf(tar),
        await fileOf(gzipped(tar)),
        await directoryOf(entries),
      ]) {
        const report = await check(path);
        expect(report).toMatchObject({ good: true });
        expect(report.findings.map(({ code, severity, entry }) => [code, severity, entry])).toEqual(
          names.filter(Boolean).map((name) => ["ENTRY_REBUILT", "info", name]),
        );
        expect(report.findings[0]?.hint).toMatch(/--strip-components.*unpack --repair/);
        await expectWhole(path, whole);
        const shown = await inspect({ path, trust: TRUST }, { workDirectory: tmpdir() });
        expect(shown.artifacts).toHaveLength(2);
      }
    },
  );

  it("is made again only if it comes out as the list has it", async () => {
    const { path } = await makeBundle({ ...sampleRecipe(), version: "2.0.0" });
    const entries = await readEntries(path);
    const list = entries
      .get("SHA256SUMS")
      ?.toString()
      .replace(/^\w{8}(?=\w+ {2}index)/m, "00000000");
    const other = changed(entries, "SHA256SUMS", () => list);
    const report = await check(await bundleFile(changed(other, "index.json", gone)), {
      keys: [],
      allowUnsigned: true,
    });
    expect(errorCodes(report)).toContain("ENTRY_MISSING");
  });

  it("is not made again out of a bundle.json that was changed", async () => {
    const entries = changed(await sampleEntries(), "bundle.json", (content) =>
      content.toString().replace("team/app", "evil/app"),
    );
    const codes = errorCodes(await checkEntries(changed(entries, "index.json", gone)));
    expect(codes).toEqual(expect.arrayContaining(["ENTRY_ALTERED", "ENTRY_MISSING"]));
  });

  it.each(["README.txt", "bundle.json", "charts/web-1.2.3.tgz", "files/notes/read-me.txt"])(
    "that nothing proves stays lost: %s",
    async (name) => {
      const report = await checkEntries(changed(await sampleEntries(), name, gone));
      expect(errorCodes(report)).toContain("ENTRY_MISSING");
    },
  );
});

describe("line ends that became CR LF", () => {
  it("are undone in every text, the list and its signatures too", async () => {
    const whole = await sampleEntries();
    const entries = new Map(
      [...whole].map(([name, content]) => [name, isText(name) ? asText(content) : content]),
    );
    for (const path of [
      await bundleFile(entries),
      await directoryOf(entries),
      await fileOf(gzipped(tarOf(entries))),
    ]) {
      const report = await check(path);
      expect(report.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
        expect.arrayContaining(["info LINE_ENDS_CHANGED"]),
      );
      expect(report).toMatchObject({ good: true });
      await expectWhole(path, whole);
    }
  });

  it("are undone in manifests and blobs, where the digest proves it", async () => {
    const made = await makeBundle({
      images: { "r.example/a:1": makeImage([makeLayer("a", 5000)]) },
      files: { text: "one\r\ntwo\n", none: "" },
    });
    const whole = await readEntries(made.path);
    const path = await bundleFile(new Map([...whole].map(([name, b]) => [name, asText(b)])));
    expect(await check(path)).toMatchObject({ good: true, bundleDigest: made.bundleDigest });
    await expectWhole(path, whole);
  });

  it("of a list without a signature prove nothing", async () => {
    const { path } = await makeBundle(undefined, { key: "none" });
    const entries = changed(await readEntries(path), "SHA256SUMS", asText);
    const report = await check(await bundleFile(entries), { keys: [], allowUnsigned: true });
    expect(errorCodes(report)).toEqual(["SUMS_INVALID"]);
  });

  it("hide no other change", async () => {
    const entries = changed(await sampleEntries(), "README.txt", (content) =>
      asText(Buffer.from(`${content.toString()}more\n`)),
    );
    expect(errorCodes(await checkEntries(entries))).toEqual(["ENTRY_ALTERED"]);
  });
});

describe("a name that changed", () => {
  it.each([
    ["to upper case", (name: string) => name.toUpperCase()],
    ["to lower case", (name: string) => name.toLowerCase()],
    ["by being cut to 31 letters", (name: string) => name.replace(/[^/]{32,}/g, cut)],
    ["by a lost folder", (name: string) => name.replace(/^blobs\//, "")],
  ])("%s is known by its content", async (_how, rename) => {
    const whole = await sampleEntries();
    const entries = renamed(whole, rename);
    for (const path of [await bundleFile(entries), await directoryOf(entries)]) {
      const report = await check(path);
      expect(report.good).toBe(true);
      expect(report.findings.map(({ code }) => code)).toEqual(["NAME_CHANGED"]);
      await expectWhole(path, whole);
    }
  });

  it.for([1, 2, 3])("by ISO 9660 of level %i is known by its content", async (level, context) => {
    needs(context, "bsdtar");
    const whole = await sampleEntries();
    const disc = await discOf(await directoryOf(whole), level);
    const report = await check(disc);
    expect(report.findings.map(({ code }) => code)).toEqual(["NAME_CHANGED"]);
    await expectWhole(disc, whole);
  });

  it.each([
    ["with a version and a dot, as some hosts show ISO 9660", discName],
    ["with the end of a name as its ending", (name: string) => name.replace(/SUMS$/, "SU.MS")],
    ["to 8.3, as DOS has it", dosName],
    ["to 8.3 with a sum in it, as Windows has it where many begin alike", dosName2],
  ])("%s is known by its content", async (_how, rename) => {
    const whole = await sampleEntries();
    const numbered = new Map<string, number>();
    const entries = renamed(whole, (name) => distinct(rename(name), numbered));
    const report = await check(await directoryOf(entries));
    expect(report.good).toBe(true);
    await expectWhole(await directoryOf(entries), whole);
  });

  it("to a short one is refused with other content", async () => {
    const entries = changed(await sampleEntries(), "README.txt", () => "other");
    const codes = errorCodes(await checkEntries(renamed(entries, discName)));
    expect(codes).toEqual(expect.arrayContaining(["ENTRY_MISSING", "ENTRY_EXTRA"]));
  });

  it("to another name is refused", async () => {
    const entries = renamed(await sampleEntries(), (name) => name.replace("README", "README2"));
    expect(errorCodes(await checkEntries(entries))).toEqual(
      expect.arrayContaining(["ENTRY_MISSING", "ENTRY_EXTRA"]),
    );
  });

  it("in its case alone is refused with other content", async () => {
    const entries = changed(await sampleEntries(), "README.txt", () => "other");
    const codes = errorCodes(await checkEntries(renamed(entries, (name) => name.toLowerCase())));
    expect(codes).toEqual(expect.arrayContaining(["ENTRY_MISSING", "ENTRY_EXTRA"]));
  });
});

function cut(name: string): string {
  return name.slice(0, 31);
}

/** The files of a directory as a disc without Joliet and Rock Ridge has them. */
async function discOf(directory: string, level: number): Promise<string> {
  const [image, disc] = [join(await temporaryDirectory(), "x.iso"), await temporaryDirectory()];
  const options = `iso9660:!rockridge,iso9660:!joliet,iso9660:iso-level=${level}`;
  const write = ["--format", "iso9660", "--options", options, "-cf", image, "-C", directory, "."];
  execFileSync("bsdtar", write);
  execFileSync("bsdtar", ["-xf", image, "-C", disc]);
  return disc;
}

/** The last dot counts, and three letters behind it. */
function short(name: string, base: (text: string) => string): string {
  return name.replaceAll(/[^/]+/g, (part) => {
    const [, front = "", ending = ""] = /^(.+?)(\.[^.]*)?$/.exec(part) ?? [];
    return base(front) + ending.slice(0, 4).toUpperCase();
  });
}

function discName(name: string): string {
  const cutName = short(name, (text) =>
    text
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, "_")
      .slice(0, 8),
  );
  return cutName.replace(/(?<!\.[A-Z0-9]*)$/, ".").replace(/$/, ";1");
}

function dosName(name: string): string {
  return short(name, (text) => {
    const plain = text.toUpperCase().replaceAll(".", "");
    return plain.length > 8 ? `${plain.slice(0, 6)}~1` : plain;
  });
}

function dosName2(name: string): string {
  return dosName(name).replaceAll(/([0-9A-F]{2})[0-9A-F]{4}~1/g, "$1C0DE~5");
}

/** Names that are there get the next number, as the systems do. */
function distinct(name: string, numbered: Map<string, number>): string {
  const count = (numbered.get(name) ?? 0) + 1;
  numbered.set(name, count);
  if (count === 1) return name;
  if (name.includes("~"))
    return name.replace(/~(\d)/, (_all, digit) => `~${Number(digit) + count - 1}`);
  return name.replace(/(.{3})(?=\.[A-Z]*;1$)/, String(count).padStart(3, "0"));
}

/** What two bundles leave, the second unpacked over the first. */
async function mixed(): Promise<{ directory: string; whole: Entries }> {
  const first = await readEntries((await makeBundle({ files: { a: "a" } })).path);
  const other = { images: { "r.example/b:1": makeImage([makeLayer("b", 50)]) } };
  const lower = await readEntries((await makeBundle(other)).path);
  return { directory: await directoryOf(new Map([...lower, ...first])), whole: first };
}

describe("two bundles unpacked into one directory", () => {
  it("are named, and refused", async () => {
    const { directory } = await mixed();
    const report = await check(directory);
    expect(report.good).toBe(false);
    expect(report.findings[0]).toMatchObject({
      code: "BUNDLES_MIXED",
      message: expect.stringMatching(/^3 whole blobs of something else/) as string,
      hint: expect.stringContaining("--repair") as string,
    });
  });

  it("are taken apart by --repair: what the signed list names is there, nothing else", async () => {
    const { directory, whole } = await mixed();
    const out = join(await temporaryDirectory(), "out");
    const options = { path: directory, trust: TRUST, workDirectory: tmpdir() };
    await expect(unpack({ ...options, directory: out })).rejects.toMatchObject({
      code: "DRAY_BUNDLE_REFUSED",
    });
    const { files, findings } = await unpack({ ...options, repair: true, directory: out });
    expect([files, findings.map(({ code }) => code)]).toEqual([whole.size, ["EXTRA_LEFT_OUT"]]);
    expect(await check(out)).toMatchObject({ good: true, findings: [] });
  });

  it("are not taken apart by --repair where nobody trusted has signed, or something is missing", async () => {
    const { directory } = await mixed();
    const base = await temporaryDirectory();
    const options = { path: directory, workDirectory: tmpdir(), repair: true };
    for (const trust of [{ keys: [] }, TRUST]) {
      await expect(
        unpack({ ...options, trust, directory: join(base, "out") }),
      ).rejects.toMatchObject({
        code: "DRAY_BUNDLE_REFUSED",
      });
      await rm(join(directory, "files/a"), { force: true });
    }
    expect(await readdir(base)).toEqual([]);
  });
});

describe("blobs that were decompressed on the way", () => {
  it("are named, in a chart and in a layer", async () => {
    const tar = makeTar([{ name: "app", content: seededBytes("layer", 2000) }]);
    const layer = { ...authored(MediaType.ociLayerGzip, gzipSync(tar)), diffId: digestOf(tar) };
    const made = await makeBundle({
      ...sampleRecipe(),
      images: { "r.example/a:1": makeImage([layer]) },
    });
    const whole = await readEntries(made.path);
    for (const name of [
      "charts/web-1.2.3.tgz",
      `blobs/sha256/${layer.descriptor.digest.slice(7)}`,
    ]) {
      const path = await bundleFile(changed(whole, name, (content) => gunzipSync(content)));
      const [finding] = (await check(path)).findings;
      expect(finding).toMatchObject({ code: "BLOBS_DECOMPRESSED", severity: "error", entry: name });
    }
  });

  it("are not seen in other changes", async () => {
    const entries = changed(await sampleEntries(), "charts/web-1.2.3.tgz", () => "x".repeat(600));
    expect(errorCodes(await checkEntries(entries))).toEqual(["ENTRY_ALTERED", "BUNDLE_MISMATCH"]);
  });
});

describe("several accidents at once", () => {
  const accident = fc.constantFrom<(name: string, content: Buffer) => [string, Buffer][]>(
    (name, content) => [[name, content]],
    (name, content) => [[name.toUpperCase(), content]],
    (name, content) => [[name, isText(name) ? asText(content) : content]],
    (name, content) => (["oci-layout", "index.json"].includes(name) ? [] : [[name, content]]),
  );

  it.each([
    ["with a line feed among its bytes", true],
    ["without one", false],
  ])("are mended together, for a signature %s", async (_what, hasLineFeed) => {
    const whole = await signedAnew(hasLineFeed);
    const accidents = fc.array(accident, { minLength: whole.size, maxLength: whole.size });
    await fc.assert(
      fc.asyncProperty(accidents, async (chosen) => {
        const entries = [...whole].flatMap(([name, content], at) => chosen[at]?.(name, content));
        const carried = new Map(entries.filter((entry) => entry !== undefined));
        const report = await check(await bundleFile(carried));
        expect(report.good).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("to the raw signature alone are mended, and it comes out as it was", async () => {
    const whole = await signedAnew(true);
    const path = await bundleFile(changed(whole, "SHA256SUMS.sig", asText));
    const { good, findings } = await check(path);
    expect(good).toBe(true);
    expect(findings.map(({ code, entry }) => [code, entry])).toEqual([
      ["LINE_ENDS_CHANGED", "SHA256SUMS.sig"],
    ]);
    await expectWhole(path, whole);
  });

  it("to the raw signature hide no other change of it", async () => {
    const whole = await signedAnew(true);
    const other = await signedAnew(true);
    const signature = other.get("SHA256SUMS.sig") ?? Buffer.alloc(0);
    const entries = changed(whole, "SHA256SUMS.sig", () => asText(signature));
    expect(errorCodes(await checkEntries(entries))).toEqual(["SIGNATURE_ALTERED"]);
  });
});

/** The sample with a signature that has a byte 0x0A, or none; each signature is another. */
async function signedAnew(hasLineFeed: boolean): Promise<Entries> {
  const entries = await sampleEntries();
  for (;;) {
    const signed = resigned(entries);
    if (signed.get("SHA256SUMS.sig")?.includes("\n") === hasLineFeed) return signed;
  }
}
