import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeTar, paxHeader, type TarMember } from "../../fixtures/archives.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { entryPath, foldedPath } from "../../src/archive/entry-path.ts";
import { APPLE_DOUBLE_MAGIC } from "../../src/archive/junk.ts";
import { scan, type Scan } from "../../src/archive/scan.ts";
import { collect } from "../../src/content/content.ts";
import { openFiles } from "../open-files.ts";
import { CARRIERS, codes, opened, openedAt, scanTar } from "./listing.ts";

const APPLE_DOUBLE = Buffer.concat([
  Buffer.from(APPLE_DOUBLE_MAGIC),
  Buffer.from("\0\x02\0\0 Mac OS X"),
]);

function scanNames(...members: TarMember[]): Promise<Scan> {
  return scanTar(makeTar(members));
}

function named(name: string): Promise<Scan> {
  return scanTar(makeTar([paxHeader({ path: name }), { name: "x", content: "evil" }]));
}

describe("entryPath()", () => {
  it.each([
    ["a", "a"],
    ["a/b.c", "a/b.c"],
    ["./a", "a"],
    ["././a", "a"],
    ["a/", "a"],
    ["./", ""],
    [".", ""],
    ["...", "..."],
    ["a..b", "a..b"],
    ["..a/b", "..a/b"],
    ["ü", "ü"],
    ["a b", "a b"],
    ["-rf", "-rf"],
    ["d".repeat(1024), "d".repeat(1024)],
    ["d/".repeat(31) + "f", "d/".repeat(31) + "f"],
  ])("takes %j", (name, path) => {
    expect(entryPath(name)).toEqual({ path });
  });

  it.each([
    ["..", '".."'],
    ["../x", '".."'],
    ["a/../b", '".."'],
    ["a/..", '".."'],
    ["./../x", '".."'],
    ["/etc/passwd", "absolute"],
    ["//host/share", "absolute"],
    [".//x", "absolute"],
    ["a//b", "plainest form"],
    ["a/./b", "plainest form"],
    ["a//", "plainest form"],
    ["a\\b", "backslash"],
    ["..\\x", "backslash"],
    ["\\\\host\\share", "backslash"],
    ["C:x", "drive letter"],
    ["c:/x", "drive letter"],
    ["C:\\x", "backslash"],
    ["a\0b", "control characters"],
    ["a\nb", "control characters"],
    ["a\u001b[31mb", "control characters"],
    ["a\u007fb", "control characters"],
    ["a\u009bb", "control characters"],
    ["a\ufffdb", "broken UTF-8"],
    ["u\u0308", "normal form NFC"],
    ["a\u212b", "normal form NFC"],
    ["d".repeat(1025), "longer than"],
    ["d/".repeat(32) + "f", "deeper than"],
  ])("refuses %j", (name, reason) => {
    const found = entryPath(name);
    expect("problem" in found ? found.problem : found.path).toContain(reason);
  });

  it("takes nothing that leads out of a directory, whatever the system", () => {
    const piece = fc.constantFrom("..", ".", "", "a", "C:", "\\", "/", "\0", "..\\", "b", " ", "~");
    const name = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("/")),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(name, (text) => {
        const found = entryPath(text);
        if ("problem" in found || found.path === "") return;
        expect(join("/base", found.path)).toBe(`/base/${found.path}`);
        expect(found.path).not.toMatch(/^\/|\\|^[A-Za-z]:|(^|\/)\.\.?(\/|$)/);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("foldedPath()", () => {
  it.each([
    ["README", "readme"],
    ["Straße", "STRASSE"],
    ["ﬁle", "FILE"],
    ["\u212a", "k"],
    ["ſ", "S"],
    ["é", "E\u0301"],
  ])("gives %j and %j the same", (one, other) => {
    expect(foldedPath(one)).toBe(foldedPath(other));
  });

  it("keeps what no file system takes for the same apart", () => {
    expect(foldedPath("a")).not.toBe(foldedPath("b"));
    expect(foldedPath("a/b")).not.toBe(foldedPath("ab"));
  });
});

describe("scan()", () => {
  it.each(CARRIERS)("hashes every file of a carrier of kind %s", async (carrier) => {
    const content = Buffer.alloc(200_000, "x");
    const found = await scanTar(makeTar([{ name: "a", content }, { name: "b" }]), carrier);
    expect([...found.entries.keys()]).toEqual(["a", "b"]);
    expect(found.entries.get("a")?.sha256).toBe(createHash("sha256").update(content).digest("hex"));
    expect(found).toMatchObject({ findings: [], stripped: [], complete: true });
  });

  it("adds SHA-512 where it is asked for, and keeps content where it is asked to", async () => {
    const archive = await opened(
      makeTar([
        { name: "a", content: "x" },
        { name: "b", content: "{}" },
      ]),
    );
    const { entries } = await scan(archive, {
      hash: true,
      sha512: (path) => path === "a",
      keep: ({ firstByte }) => firstByte === 0x7b,
    });
    expect(entries.get("a")?.sha512).toBe(createHash("sha512").update("x").digest("hex"));
    expect(entries.get("b")?.sha512).toBeUndefined();
    expect(entries.get("a")?.bytes).toBeUndefined();
    expect(entries.get("b")?.bytes?.toString()).toBe("{}");
  });

  it("counts every byte once", async () => {
    const archive = await opened(
      makeTar([
        { name: "a", content: "12345" },
        { name: "._b", content: "123" },
      ]),
    );
    let bytes = 0;
    await scan(archive, {
      hash: true,
      onEvent: (event) => (bytes += event.type === "progress" ? event.bytes : 0),
    });
    expect(bytes).toBe(8);
  });

  it("stops when it is told to", async () => {
    const archive = await opened(makeTar([{ name: "a" }, { name: "b" }]));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(scan(archive, { hash: true, signal })).rejects.toThrow("enough");
  });

  it.each([
    "../x",
    "/x",
    "a/../b",
    "C:x",
    "a\\b",
    "u\u0308",
    "a\0b",
    "a\nb",
    "d/".repeat(40) + "x",
  ])("refuses a file of the name %j", async (name) => {
    const found = await named(name);
    expect(codes(found)).toEqual(["ENTRY_NAME_REFUSED"]);
    expect(found.entries.size).toBe(0);
  });

  it("refuses a name that is no UTF-8", async () => {
    const found = await scanNames({ name: Buffer.from([0x61, 0xff, 0x62]) });
    expect(codes(found)).toEqual(["ENTRY_NAME_REFUSED"]);
  });

  it("refuses a file without a name, and the root as a file", async () => {
    for (const name of ["", "."]) {
      expect(codes(await scanNames({ name, type: "7", content: "x" }))).toEqual([
        "ENTRY_TYPE_REFUSED",
      ]);
    }
  });

  it.each([
    ["a symbolic link", { type: "2", link: "target" }],
    ["a symbolic link to nowhere good", { type: "2", link: "/etc/passwd" }],
    ["a hard link to nothing before it", { type: "1", link: "y" }],
    ["a hard link to nothing", { type: "1" }],
    ["a hard link to itself", { type: "1", link: "x" }],
    ["a hard link that leaves", { type: "1", link: "../../etc/passwd" }],
    ["a character device", { type: "3" }],
    ["a block device", { type: "4" }],
    ["a pipe", { type: "6" }],
    ["a sparse file", { type: "S" }],
    ["a type that nobody knows", { type: "Z" }],
  ])("refuses %s and takes what follows", async (_what, fields) => {
    const found = await scanNames({ name: "x", ...fields }, { name: "y" });
    expect(codes(found)).toEqual(["ENTRY_TYPE_REFUSED"]);
    expect([...found.entries.keys()]).toEqual(["y"]);
  });

  it.each(CARRIERS)(
    "takes a hard link for a second name of a file, through %s",
    async (carrier) => {
      const large = { name: "large", content: Buffer.alloc(3_000_000, "x") };
      const found = await scanTar(
        makeTar([
          large,
          { name: "twin", type: "1", link: "large" },
          { name: "./triplet", type: "1", link: "./twin" },
        ]),
        carrier,
      );
      const sha256 = createHash("sha256").update(large.content).digest("hex");
      expect(codes(found)).toEqual([]);
      expect([...found.entries.values()]).toMatchObject([
        { path: "large", size: 3_000_000, sha256 },
        { path: "twin", size: 3_000_000, sha256 },
        { path: "triplet", size: 3_000_000, sha256 },
      ]);
    },
  );

  it("refuses a hard link with a name that is taken, or to what was left out", async () => {
    const file = { name: "x", content: "x" };
    const again = await scanNames(file, { name: "X", type: "1", link: "x" });
    expect(codes(again)).toEqual(["ENTRY_DUPLICATE"]);
    const junk = await scanNames(
      { name: ".DS_Store" },
      { name: "y", type: "1", link: ".DS_Store" },
    );
    expect(codes(junk)).toEqual(["ENTRY_TYPE_REFUSED"]);
  });

  it("passes over directories, whose names have to be good as well", async () => {
    expect(codes(await scanNames({ name: "d/", type: "5" }, { name: "d/f" }))).toEqual([]);
    expect(codes(await scanNames({ name: "../d/", type: "5" }))).toEqual(["ENTRY_NAME_REFUSED"]);
  });

  it.each([
    ["the same name", "a", "a"],
    ["the same with another start", "a", "./a"],
    ["names that differ in case", "a/File", "a/fILE"],
    ["names that differ in case beyond ASCII", "straße", "STRASSE"],
    ["names that some systems take for one", "ﬁle", "file"],
  ])("refuses two files of %s", async (_what, one, other) => {
    const found = await scanTar(
      makeTar([paxHeader({ path: one }), { name: "1" }, paxHeader({ path: other }), { name: "2" }]),
    );
    expect(codes(found)).toEqual(["ENTRY_DUPLICATE"]);
    expect([...found.entries.keys()]).toEqual([one]);
  });

  it.each([
    ["behind it", ["a", "a/b"]],
    ["before it", ["a/b", "a"]],
    ["in another case", ["a/b/c", "A/B"]],
    ["far below", ["a", "a/b/c/d"]],
  ])("refuses a file that is also a directory, %s", async (_what, names) => {
    const found = await scanNames(...names.map((name) => ({ name, content: "x" })));
    expect(codes(found)).toEqual(["ENTRY_DUPLICATE"]);
  });

  it("names what is wrong and goes on: all findings come together", async () => {
    const found = await scanNames(
      { name: "../a" },
      { name: "good" },
      { name: "link", type: "2", link: "x" },
      { name: "GOOD" },
      { name: "b\\c" },
    );
    expect(codes(found)).toEqual([
      "ENTRY_NAME_REFUSED",
      "ENTRY_TYPE_REFUSED",
      "ENTRY_DUPLICATE",
      "ENTRY_NAME_REFUSED",
    ]);
    expect(found.complete).toBe(true);
  });

  it("says that an archive which breaks off is not complete, and what came before", async () => {
    const tar = makeTar([
      { name: "a", content: "x" },
      { name: "b", content: Buffer.alloc(5000) },
    ]);
    const found = await scanTar(tar.subarray(0, 3000));
    expect([...found.entries.keys()]).toContain("a");
    expect(found.complete).toBe(false);
    expect(found.findings.at(-1)?.severity).toBe("error");
  });
});

describe("carrier junk", () => {
  it.each([
    "__MACOSX/._a",
    "__MACOSX/sub/._a",
    ".DS_Store",
    "sub/.DS_Store",
    "Thumbs.db",
    "THUMBS.DB",
    "desktop.ini",
    "Desktop.ini",
    ".Spotlight-V100/Store-V2/x",
    ".Trashes/501/x",
    ".fseventsd/0001",
    "System Volume Information/x",
    "$RECYCLE.BIN/x",
    ".TemporaryItems/x",
    "Icon\r",
    "sub/Icon\r",
  ])("%j is left out, and said to be", async (name) => {
    const found = await scanTar(
      makeTar([paxHeader({ path: name }), { name: "x", content: "junk" }, { name: "a" }]),
    );
    expect([...found.entries.keys()]).toEqual(["a"]);
    expect(found.stripped).toEqual([name]);
    expect(found.findings).toEqual([]);
  });

  it.each(["._a", "sub/._a", "._SHA256SUMS", "blobs/sha256/._0123"])(
    "%j is AppleDouble by name and magic",
    async (name) => {
      const found = await scanNames({ name, content: APPLE_DOUBLE });
      expect(found.stripped).toEqual([name]);
      expect(found.entries.size).toBe(0);
    },
  );

  it.each([
    ["text", Buffer.from("hello")],
    ["nothing", Buffer.alloc(0)],
    ["three of the four bytes", APPLE_DOUBLE.subarray(0, 3)],
    ["AppleSingle", Buffer.from([0, 5, 0x16, 0])],
  ])("a file named like AppleDouble that holds %s stays", async (_what, content) => {
    const found = await scanNames({ name: "._a", content });
    expect([...found.entries.keys()]).toEqual(["._a"]);
    expect(found.stripped).toEqual([]);
  });

  it("the magic alone does not make a file junk", async () => {
    const found = await scanNames({ name: "a", content: APPLE_DOUBLE });
    expect([...found.entries.keys()]).toEqual(["a"]);
  });

  it("is no way out: a bad name stays refused", async () => {
    for (const name of ["../.DS_Store", "/__MACOSX/x", "..\\Thumbs.db", "../Icon\r"]) {
      expect([name, ...codes(await named(name))]).toEqual([name, "ENTRY_NAME_REFUSED"]);
    }
  });

  it("is junk also as a link or a directory", async () => {
    const found = await scanNames(
      { name: "__MACOSX/", type: "5" },
      { name: ".DS_Store", type: "2", link: "/etc/passwd" },
    );
    expect(codes(found)).toEqual([]);
    expect(found.stripped).toEqual(["__MACOSX/", ".DS_Store"]);
  });
});

describe("a directory as carrier", () => {
  it("gives its files sorted, and opens them again", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "b"));
    await writeFile(join(directory, "b", "x"), "one");
    await writeFile(join(directory, "a"), "two");
    const archive = await openedAt(directory);
    const { entries, complete } = await scan(archive, { hash: true });
    expect([...entries.keys()]).toEqual(["a", "b/x"]);
    expect(complete).toBe(true);
    const entry = entries.get("b/x");
    if (entry === undefined || archive.kind === "stream") throw new Error("expected an entry");
    expect((await collect(archive.read(entry))).toString()).toBe("one");
  });

  it("follows no link, to a file or to a directory", async () => {
    const directory = await temporaryDirectory();
    await symlink("/etc/passwd", join(directory, "file"));
    await symlink("/etc", join(directory, "folder"));
    const found = await scan(await openedAt(directory), { hash: true });
    expect(codes(found)).toEqual(["ENTRY_TYPE_REFUSED", "ENTRY_TYPE_REFUSED"]);
    expect(found.entries.size).toBe(0);
  });

  it("does not wait at a pipe", async () => {
    const directory = await temporaryDirectory();
    execFileSync("mkfifo", [join(directory, "pipe")]);
    expect(codes(await scan(await openedAt(directory), { hash: true }))).toEqual([
      "ENTRY_TYPE_REFUSED",
    ]);
  });

  it("refuses a file that was swapped for a link or changed its size since it was listed", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "a");
    await writeFile(path, "12345");
    const archive = await openedAt(directory);
    const { entries } = await scan(archive, { hash: false });
    const entry = entries.get("a");
    if (entry === undefined || archive.kind === "stream") throw new Error("expected an entry");
    await writeFile(path, "1234567");
    await expect(collect(archive.read(entry))).rejects.toMatchObject({ code: "DRAY_FILE_CHANGED" });
    execFileSync("ln", ["-sf", "/etc/passwd", path]);
    await expect(collect(archive.read(entry))).rejects.toMatchObject({ code: "ELOOP" });
  });

  it("leaves no file open behind junk, at the first look or after it", async () => {
    const directory = await temporaryDirectory();
    for (let index = 0; index < 50; index++) {
      await writeFile(join(directory, `._${index}`), index % 2 === 0 ? APPLE_DOUBLE : "text");
    }
    const archive = await openedAt(directory);
    const before = await openFiles();
    await scan(archive, { hash: false });
    await scan(archive, { hash: true });
    await expect.poll(openFiles).toBeLessThan(before + 10);
  });

  it("names a tree that is deeper than any bundle and ends", async () => {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "d/".repeat(200)), { recursive: true });
    await writeFile(join(directory, "d/".repeat(200), "f"), "x");
    const found = await scan(await openedAt(directory), { hash: true });
    expect(codes(found)).toContain("ENTRY_NAME_REFUSED");
  });
});
