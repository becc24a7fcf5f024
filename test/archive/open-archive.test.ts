import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, brotliCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fileOf, framed, gzipBomb, gzipped, makeTar } from "../../fixtures/archives.ts";
import { seededBytes } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { openArchive } from "../../src/archive/open-archive.ts";
import { scan } from "../../src/archive/scan.ts";
import { spooled } from "../../src/archive/work-file.ts";
import { collect } from "../../src/content/content.ts";
import { DrayError } from "../../src/errors.ts";
import { openFiles } from "../open-files.ts";
import { needs } from "../programs.ts";
import { laterOutcome } from "../refusal.ts";
import { codes, list, opened, openedAt } from "./listing.ts";

const TAR = makeTar([
  { name: "a", content: "hello" },
  { name: "b", content: seededBytes("b", 200_000) },
]);

describe("openArchive()", () => {
  it("finds out what a file is by its content, whatever its name", async () => {
    for (const [bytes, known] of [
      [
        await framed(TAR),
        { kind: "tar", framing: "members", isWholeFile: true, forms: ["gzip members", "tar"] },
      ],
      [gzipped(TAR), { kind: "stream", forms: ["gzip", "tar"] }],
      [TAR, { kind: "tar", framing: "plain", isWholeFile: true, forms: ["tar"] }],
    ] as const) {
      const archive = await openedAt(await fileOf(bytes, "holiday.jpg"));
      expect(archive).toMatchObject({ ...known, size: bytes.length });
      expect((await list(archive)).map(({ name }) => name)).toEqual(["a", "b"]);
    }
  });

  it("opens a directory, also through a link", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "in"));
    await writeFile(join(directory, "in", "a"), "hello");
    await symlink("in", join(directory, "link"));
    for (const name of ["in", "link"]) {
      const archive = await openedAt(join(directory, name));
      expect(archive.forms).toEqual(["directory"]);
      expect(await list(archive)).toEqual([{ name: "a", kind: "file", content: "hello" }]);
    }
  });

  it.each([
    ["half a zip", Buffer.from("504b0304140000000000", "hex"), "DRAY_ARCHIVE_TRUNCATED", "the zip"],
    ["half a zstd", Buffer.from("28b52ffd0458", "hex"), "DRAY_ZSTD_DAMAGED", "inside a frame"],
    [
      "half a gzip",
      gzipSync("hello").subarray(0, 20),
      "DRAY_GZIP_DAMAGED",
      "it ends in the middle",
    ],
    ["a text in gzip", gzipSync("hello"), "DRAY_ARCHIVE_UNKNOWN", "(gzip)"],
    ["xz", Buffer.from("fd377a585a0000", "hex"), "DRAY_ARCHIVE_UNSUPPORTED", "xz -d"],
    ["7z", Buffer.from("377abcaf271c0004", "hex"), "DRAY_ARCHIVE_UNSUPPORTED", "7z x"],
    ["bzip2", Buffer.from("BZh91AY"), "DRAY_ARCHIVE_UNSUPPORTED", "bzip2 -d"],
    ["nothing", Buffer.alloc(0), "DRAY_ARCHIVE_UNKNOWN", "an empty file"],
    ["text", Buffer.from("hello"), "DRAY_ARCHIVE_UNKNOWN", "something else"],
    ["much text", Buffer.alloc(2000, "x"), "DRAY_ARCHIVE_UNKNOWN", "something else"],
    ["zeros", Buffer.alloc(2000), "DRAY_ARCHIVE_UNKNOWN", "zeros"],
    ["random bytes", seededBytes("random", 5000), "DRAY_ARCHIVE_UNKNOWN", "something else"],
    ["brotli", brotliCompressSync("hello"), "DRAY_ARCHIVE_UNKNOWN", "something else"],
    ["a web page", Buffer.from("<!doctype html>"), "DRAY_ARCHIVE_UNKNOWN", "a web page"],
  ])("refuses %s, and names it", async (...[, bytes, code, named]) => {
    const found = await laterOutcome(() => opened(bytes));
    expect(found).toMatchObject({ code, kind: "refused" });
    expect(found instanceof DrayError && `${found.message} ${found.hint ?? ""}`).toContain(named);
  });

  it("says of a file that is not there just that", async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "file"), "x");
    for (const name of ["missing", "file/below"]) {
      await expect(openArchive(join(directory, name))).rejects.toMatchObject({
        code: "DRAY_FILE_NOT_FOUND",
        kind: "usage",
      });
    }
  });

  it("does not wait at a pipe or read a device", async () => {
    const pipe = join(await temporaryDirectory(), "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(openArchive(pipe)).rejects.toMatchObject({ code: "DRAY_ARCHIVE_UNKNOWN" });
    await expect(openArchive("/dev/zero")).rejects.toMatchObject({ code: "DRAY_ARCHIVE_UNKNOWN" });
  });

  it("leaves no file open behind what it refuses", async () => {
    const path = await fileOf(Buffer.from("no archive"));
    const before = await openFiles();
    for (let round = 0; round < 30; round++) {
      await expect(openArchive(path)).rejects.toThrow(/expected a bundle/);
    }
    await expect.poll(openFiles).toBeLessThan(before + 10);
  });
});

describe("a gzip of another tool", () => {
  it("is read once, in order, and cannot be read at any place", async () => {
    const archive = await opened(gzipped(TAR));
    expect(archive.kind).toBe("stream");
    expect(await list(archive)).toHaveLength(2);
    expect(await list(archive)).toHaveLength(2);
  });

  it("may be made of many members, and of other sizes", async () => {
    const pieces = [TAR.subarray(0, 100), TAR.subarray(100, 70_000), TAR.subarray(70_000)];
    const archive = await opened(Buffer.concat(pieces.map((piece) => gzipSync(piece))));
    expect(await list(archive)).toHaveLength(2);
  });

  it("that was cut, or changed in a byte that counts, is refused", async () => {
    const bytes = gzipped(TAR);
    const places = [11, 100, 5000, bytes.length - 9, bytes.length - 8, bytes.length - 1];
    for (const at of places) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
      for (const broken of [bytes.subarray(0, at), changed]) {
        await expect(opened(broken).then(list)).rejects.toMatchObject({ kind: "refused" });
      }
    }
  });

  it("with rubbish behind it is refused", async () => {
    const archive = opened(Buffer.concat([gzipped(TAR), Buffer.from("rubbish")]));
    await expect(archive.then(list)).rejects.toMatchObject({ code: "DRAY_GZIP_DAMAGED" });
  });

  it("around another is taken off, up to eight", async () => {
    let bytes = TAR;
    for (let count = 1; count < 8; count++) {
      bytes = gzipSync(bytes);
      const archive = await opened(bytes);
      expect(archive.forms).toEqual([...Array<string>(count).fill("gzip"), "tar"]);
      expect(await list(archive)).toHaveLength(2);
    }
    await expect(opened(gzipSync(bytes))).rejects.toMatchObject({ code: "DRAY_ARCHIVE_TOO_DEEP" });
  });

  it("around the bundle's own framing gives the same files", async () => {
    const archive = await opened(gzipSync(await framed(TAR)));
    expect(archive.forms).toEqual(["gzip", "gzip", "tar"]);
    expect(await list(archive)).toHaveLength(2);
  });

  it("that goes on for ever is left early", async () => {
    const bomb = gzipBomb({ name: "zeros", size: 4 * 1024 ** 3 });
    // Damage at its end, which nobody meets who leaves early.
    bomb.subarray(-8).fill(0);
    const path = await fileOf(bomb);
    expect((await stat(path)).size).toBeLessThan(5_000_000);
    const found = await scan(await openedAt(path), { hash: true });
    expect(codes(found)).toEqual(["ARCHIVE_TOO_LARGE"]);
    expect(found.complete).toBe(false);
  });

  it("of much that is alike is none, as long as it is not large", async () => {
    const archive = await opened(
      gzipped(makeTar([{ name: "x", content: Buffer.alloc(50_000_000) }])),
    );
    expect(await list(archive)).toHaveLength(1);
  });
});

describe("spooled()", () => {
  it("makes it readable at any place, and leaves nothing when it is closed", async () => {
    const workDirectory = await temporaryDirectory();
    const archive = await spooled(await opened(gzipped(TAR)), { workDirectory });
    const { entries } = await scan(archive, { hash: false });
    const entry = entries.get("a");
    if (entry === undefined) throw new Error("expected an entry");
    expect((await collect(archive.read(entry))).toString()).toBe("hello");
    // The file has no name any more: whatever ends the program, nothing stays.
    expect(await readdir(workDirectory)).toEqual([]);
    await archive.close();
    expect(await readdir(workDirectory)).toEqual([]);
  });

  it("leaves alone what can be read at any place already", async () => {
    const workDirectory = await temporaryDirectory();
    for (const bytes of [TAR, await framed(TAR)]) {
      const archive = await opened(bytes);
      expect(await spooled(archive, { workDirectory })).toBe(archive);
    }
    expect(await readdir(workDirectory)).toEqual([]);
  });

  it("leaves nothing behind what is damaged, endless, or stopped", async () => {
    const workDirectory = await temporaryDirectory();
    const cut = await opened(gzipped(TAR).subarray(0, 5000));
    await expect(spooled(cut, { workDirectory })).rejects.toMatchObject({
      code: "DRAY_GZIP_DAMAGED",
    });
    const bomb = await opened(gzipBomb({ name: "zeros", size: 1024 ** 3 }));
    await expect(spooled(bomb, { workDirectory })).rejects.toMatchObject({
      code: "DRAY_ARCHIVE_TOO_LARGE",
    });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      spooled(await opened(gzipped(TAR)), { workDirectory, signal }),
    ).rejects.toMatchObject({ name: "AbortError" });
    expect(await readdir(workDirectory)).toEqual([]);
  });
});

describe("a tar of another tool", () => {
  it.each([
    ["--format=gnu"],
    ["--format=pax"],
    ["--format=ustar"],
    ["--sort=name", "--format=posix"],
  ])("made with %s gives the same files", async (...flags) => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "in", "sub"), { recursive: true });
    await writeFile(join(directory, "in", "sub", "f".repeat(120).slice(0, 99)), "x");
    await writeFile(join(directory, "in", "large"), seededBytes("large", 1_000_000));
    const path = join(directory, "out.tar.gz");
    execFileSync("tar", ["-C", directory, ...flags, "-czf", path, "in"]);
    const { entries, findings } = await scan(await openedAt(path), { hash: true });
    expect(findings).toEqual([]);
    expect(entries.size).toBe(2);
  });

  it("with a sparse file is refused, with the way out in its name", async (context) => {
    needs(context, "tar");
    const directory = await temporaryDirectory();
    await writeFile(join(directory, "holes"), "");
    await truncate(join(directory, "holes"), 10_000_000);
    for (const flags of [["--format=gnu"], ["--format=pax"]]) {
      const path = join(directory, "out.tar");
      execFileSync("tar", ["-C", directory, ...flags, "-cSf", path, "holes"]);
      expect((await readFile(path)).length).toBeLessThan(100_000);
      const found = await scan(await openedAt(path), { hash: true });
      expect(found.findings[0]?.severity).toBe("error");
    }
  });
});
