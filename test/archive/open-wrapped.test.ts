import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fileOf, framed, gzipBomb, gzipped, makeTar } from "../../fixtures/archives.ts";
import { makeZip } from "../../fixtures/archives-zip.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Archive } from "../../src/archive/archive.ts";
import { APPLE_DOUBLE_MAGIC } from "../../src/archive/junk.ts";
import { openArchive } from "../../src/archive/open-archive.ts";
import { list, openedAt } from "./listing.ts";
import { ownDisk } from "../own-disk.ts";

const TAR = makeTar([
  { name: "a", content: "hello" },
  { name: "b", content: seededBytes("b", 200_000) },
]);
const FRAMED = await framed(TAR);

/** Opens bytes with a work directory that shows whether something was written there. */
async function openedIn(
  bytes: Uint8Array,
): Promise<{ archive: Archive; written: () => Promise<string[]> }> {
  const workDirectory = await temporaryDirectory();
  const archive = await openArchive(await fileOf(bytes), { workDirectory });
  return { archive, written: () => readdir(workDirectory) };
}

describe("an archive alone in another", () => {
  it.each([
    [
      "a zip that stores it",
      makeZip([{ name: "b.tar.gz", content: FRAMED, method: 0 }]),
      "zip, gzip members, tar",
      true,
    ],
    [
      "a zip that deflates it",
      makeZip([{ name: "b.tar.gz", content: FRAMED }]),
      "zip, gzip, tar",
      false,
    ],
    ["a tar", makeTar([{ name: "b.tar.gz", content: FRAMED }]), "tar, gzip members, tar", true],
    [
      "a compressed tar",
      gzipped(makeTar([{ name: "b.tar", content: TAR }])),
      "gzip, tar, tar",
      false,
    ],
    [
      "a zip in a tar",
      makeTar([{ name: "b.zip", content: makeZip([{ name: "b.tar", content: TAR, method: 0 }]) }]),
      "tar, zip, tar",
      true,
    ],
    [
      "a tar in a zip in a compressed tar",
      gzipped(makeTar([{ name: "b.zip", content: makeZip([{ name: "b.tar", content: TAR }]) }])),
      "gzip, tar, zip, tar",
      false,
    ],
  ])("in %s is opened, and said", async (...[, bytes, form, isInPlace]) => {
    const { archive, written } = await openedIn(bytes);
    expect(archive.forms.join(", ")).toBe(form);
    expect(archive.kind !== "stream").toBe(isInPlace);
    expect((await list(archive)).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(archive.notes.map(({ code }) => code)).toContain("ARCHIVE_NESTED");
    expect(await written()).toEqual([]);
    await archive.close();
    expect(await written()).toEqual([]);
  });

  it("is alone beside folders, junk, signatures and the key", async () => {
    const double = Buffer.concat([Buffer.from(APPLE_DOUBLE_MAGIC), Buffer.alloc(20)]);
    const { archive } = await openedIn(
      makeTar([
        { name: "in/", type: "5" },
        { name: "._b.tar.gz", content: double },
        { name: ".DS_Store", content: "x" },
        { name: "in/b.tar.gz", content: FRAMED },
        { name: "in/b.tar.gz.abc.sigstore.json", content: "{}" },
        { name: "in/release.pub", content: "key" },
        { name: "in/README.txt", content: "read me" },
      ]),
    );
    expect(archive.forms).toEqual(["tar", "gzip members", "tar"]);
    await archive.close();
  });

  it("is not looked for where other files lie beside it", async () => {
    for (const bytes of [
      makeTar([
        { name: "layer.tar", content: TAR },
        { name: "manifest.json", content: "[]" },
      ]),
      makeTar([
        { name: "a.tar", content: TAR },
        { name: "b.tar", content: TAR },
      ]),
    ]) {
      const { archive } = await openedIn(bytes);
      expect(archive.forms).toEqual(["tar"]);
      expect(archive.notes).toEqual([]);
      await archive.close();
    }
  });

  it("is not opened under a name that leads out", async () => {
    const { archive } = await openedIn(makeTar([{ name: "../b.tar", content: TAR }]));
    expect(archive.forms).toEqual(["tar"]);
    await archive.close();
  });

  it("has to be chosen where there are several bundles", async () => {
    const tar = makeTar([
      { name: "one.tar.gz", content: FRAMED },
      { name: "two.tar.gz", content: FRAMED },
    ]);
    await expect(openedIn(tar)).rejects.toMatchObject({
      code: "DRAY_ARCHIVE_AMBIGUOUS",
      message: expect.stringMatching(/"one\.tar\.gz", "two\.tar\.gz"/) as string,
      kind: "usage",
    });
  });

  it("may lie so deep and no deeper", async () => {
    let bytes = TAR;
    for (let depth = 1; depth < 8; depth++) bytes = makeTar([{ name: "in.tar", content: bytes }]);
    expect(await list(await openedAt(await fileOf(bytes)))).toHaveLength(2);
    bytes = makeTar([{ name: "in.tar", content: bytes }]);
    await expect(openedIn(bytes)).rejects.toMatchObject({ code: "DRAY_ARCHIVE_TOO_DEEP" });
  });

  it("that inflates without end is left early, wherever it lies", async () => {
    const bomb = gzipBomb({ name: "zeros", size: 1024 ** 3 });
    for (const bytes of [gzipSync(bomb), makeZip([{ name: "b.gz", content: bomb }])]) {
      const { archive, written } = await openedIn(bytes);
      await expect(list(archive)).rejects.toMatchObject({ code: "DRAY_ARCHIVE_TOO_LARGE" });
      await archive.close();
      expect(await written()).toEqual([]);
    }
  });

  it("that is damaged leaves nothing behind", async () => {
    const zip = makeZip([{ name: "b.tar", content: TAR, stated: { crc: 1 } }]);
    const { archive, written } = await openedIn(zip);
    await expect(list(archive)).rejects.toMatchObject({ code: "DRAY_ZIP_DAMAGED" });
    await archive.close();
    await expect(openedIn(gzipped(zip.subarray(0, 5000)))).rejects.toMatchObject({
      code: "DRAY_ARCHIVE_TRUNCATED",
    });
    expect(await written()).toEqual([]);
  });
});

async function stick(): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "System Volume Information"));
  await writeFile(join(directory, "System Volume Information", "IndexerVolumeGuid"), "x");
  await writeFile(join(directory, "release.pub"), "key");
  return directory;
}

describe("a directory that holds nothing but a bundle", () => {
  it("is the root of a stick: the bundle is opened, as if it had been named", async () => {
    const directory = await stick();
    await writeFile(join(directory, "b.tar.gz"), FRAMED);
    const archive = await openedAt(directory);
    expect(archive).toMatchObject({
      path: join(directory, "b.tar.gz"),
      kind: "tar",
      forms: ["directory", "gzip members", "tar"],
      notes: [{ code: "ARCHIVE_NESTED", entry: "b.tar.gz" }],
    });
    expect(await list(archive)).toHaveLength(2);
  });

  it("is a directory where more lies in it", async () => {
    const directory = await stick();
    await writeFile(join(directory, "b.tar.gz"), FRAMED);
    await writeFile(join(directory, "more"), "x");
    expect((await openedAt(directory)).forms).toEqual(["directory"]);
  });

  it("asks which where there are several", async () => {
    const directory = await stick();
    await writeFile(join(directory, "one.tar.gz"), FRAMED);
    await writeFile(join(directory, "two.tar.gz"), FRAMED);
    await expect(openedAt(directory)).rejects.toMatchObject({ code: "DRAY_ARCHIVE_AMBIGUOUS" });
  });
});

const zipInGzip = gzipSync(makeZip([{ name: "a", content: "hello" }]));

describe("what comes out of a compression and has to be whole", () => {
  it("needs a work directory that can be written to", async () => {
    const path = await fileOf(zipInGzip);
    const file = await fileOf(Buffer.from("x"));
    for (const workDirectory of [join(path, "below"), file, "/nowhere/at/all"]) {
      await expect(openArchive(path, { workDirectory })).rejects.toMatchObject({
        code: "DRAY_WORK_DIRECTORY_UNUSABLE",
        hint: expect.stringContaining("--work-dir") as string,
      });
    }
  });

  it("is stopped by a signal, and leaves nothing", async () => {
    const workDirectory = await temporaryDirectory();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      openArchive(await fileOf(zipInGzip), { workDirectory, signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(await readdir(workDirectory)).toEqual([]);
  });
});

describe("a work directory of its own", () => {
  // Which size comes out of it cannot be told before.
  const growing = gzipSync(makeZip([{ name: "a", content: Buffer.alloc(30_000_000), method: 0 }]));

  it("that is too small, or fills up on the way, ends with that and empty", async (context) => {
    for (const [bytes, size] of [
      [zipInGzip, "1m"],
      [growing, "20m"],
    ] as const) {
      const workDirectory = await ownDisk(context, `size=${size}`);
      const path = await fileOf(bytes);
      await expect(openArchive(path, { workDirectory })).rejects.toMatchObject({
        code: "DRAY_DISK_FULL",
      });
      expect(await readdir(workDirectory)).toEqual([]);
    }
  });

  it("that is read-only is named", async (context) => {
    const workDirectory = await ownDisk(context, "size=64m,ro");
    await expect(openArchive(await fileOf(zipInGzip), { workDirectory })).rejects.toMatchObject({
      code: "DRAY_WORK_DIRECTORY_UNUSABLE",
      message: expect.stringContaining("the file system is read-only") as string,
    });
  });
});
