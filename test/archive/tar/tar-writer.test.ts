import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { Header } from "tar/header";
import { afterEach, describe, expect, it } from "vitest";
import fc from "fast-check";
import { fileOf } from "../../../fixtures/archives.ts";
import { writeTar, type TarInput } from "../../../src/archive/tar/tar-writer.ts";
import { collect, type Bytes } from "../../../src/content/content.ts";
import { once } from "../../../src/content/memory.ts";
import { needs } from "../../programs.ts";
import { listTar } from "../listing.ts";

const MTIME = new Date(0);

function file(name: string, content: string | Buffer = ""): TarInput {
  const bytes = Buffer.from(content);
  return { name, size: bytes.length, content: once(bytes) };
}

function write(
  files: Iterable<TarInput> | AsyncIterable<TarInput>,
  mtime = MTIME,
): Promise<Buffer> {
  return collect(writeTar(files, { mtime }));
}

/** Content that notes whether it was opened and closed. */
function watched(log: string[], name: string, pieces: readonly (Buffer | Error)[]): Bytes {
  return (async function* () {
    log.push(`open ${name}`);
    try {
      for (const piece of pieces) {
        if (piece instanceof Error) throw piece;
        yield piece;
      }
    } finally {
      log.push(`close ${name}`);
    }
  })();
}

/** An error that nobody catches fails the run; it comes a moment late. */
afterEach(() => pause(10));

describe("writeTar()", () => {
  it("writes what the reader reads, whatever it is", async () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,3}$/);
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(0, 1, 511, 512, 513, 1024, 70_000).map((size) => Buffer.alloc(size, "x")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, content), { maxLength: 6 }), async (files) => {
        const tar = await write(files.map(([path, bytes]) => file(path, bytes)));
        // A tar of nothing is two blocks of zeros, which open as nothing.
        const found = files.length === 0 ? [] : await listTar(tar);
        expect(found).toEqual(
          files.map(([path, bytes]) => ({
            name: path,
            kind: "file",
            content: bytes.toString("latin1"),
          })),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("writes plain ustar headers: mode, owner, time, no names, no PAX", async () => {
    const tar = await write(
      [file("a", "x"), file(`${"d".repeat(100)}/${"f".repeat(100)}`, "y")],
      new Date(1_700_000_000_000),
    );
    for (const at of [0, 1024]) {
      const header = new Header(tar, at);
      expect(header).toMatchObject({
        type: "File",
        mode: 0o644,
        uid: 0,
        gid: 0,
        uname: "",
        gname: "",
        mtime: new Date(1_700_000_000_000),
        size: 1,
        cksumValid: true,
      });
      expect(tar.toString("latin1", at + 257, at + 265)).toBe("ustar\x0000");
    }
    expect(tar.length).toBe(2 * 1024 + 1024);
  });

  it("gives the same bytes for the same input, however it comes in pieces", async () => {
    const bytes = Buffer.alloc(100_000, "x");
    async function* pieces(length: number): Bytes {
      for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
    }
    const whole = await write([file("a", bytes), file("b", "y")]);
    for (const length of [1000, 512, 65_536, 99_999]) {
      const again = await write([
        { name: "a", size: bytes.length, content: pieces(length) },
        file("b", "y"),
      ]);
      expect(again.equals(whole)).toBe(true);
    }
  });

  it("is read by the system's tar", async (context) => {
    needs(context, "tar");
    const path = await fileOf(await write([file("a/b", "x"), file("c", "y")]));
    expect(execFileSync("tar", ["-tvf", path], { encoding: "utf8", env: { TZ: "UTC" } })).toBe(
      "-rw-r--r-- 0/0               1 1970-01-01 00:00 a/b\n-rw-r--r-- 0/0               1 1970-01-01 00:00 c\n",
    );
  });

  it("writes small files, opening one at a time", async () => {
    let opened = 0;
    let most = 0;
    function* files(): Generator<TarInput> {
      for (let index = 0; index < 1000; index++) {
        const content = (async function* () {
          most = Math.max(most, ++opened);
          yield Buffer.from("12345");
          opened--;
        })();
        yield { name: `f/${index}`, size: 5, content };
      }
    }
    let size = 0;
    for await (const piece of writeTar(files(), { mtime: MTIME })) size += piece.length;
    expect(size).toBe(1000 * 1024 + 1024);
    expect(most).toBe(1);
  });

  it("asks for no more of a large file than is read", async () => {
    const piece = Buffer.alloc(1024 * 1024);
    let made = 0;
    const content = (async function* () {
      for (; made < 50; made++) yield piece;
    })();
    let passed = 0;
    for await (const chunk of writeTar([{ name: "x", size: 50 * piece.length, content }], {
      mtime: MTIME,
    })) {
      passed += chunk.length;
      await pause(0);
      expect(made * piece.length - passed).toBeLessThan(8 * piece.length);
    }
    expect(passed).toBe(50 * piece.length + 512 + 1024);
  });
});

function failingFile(): TarInput {
  return { name: "x", size: 5, content: watched([], "x", [new Error("no")]) };
}

/** A list with one file, which goes on when `next` says what. */
async function* oneThen(next: Promise<TarInput>): AsyncGenerator<TarInput> {
  yield file("a", "x");
  yield await next;
}

describe("a source", () => {
  it("that fails makes the tar fail with the same error, and what follows is not opened", async () => {
    const log: string[] = [];
    const files = [
      {
        name: "a",
        size: 1000,
        content: watched(log, "a", [Buffer.alloc(10), new Error("the disk went")]),
      },
      { name: "b", size: 1, content: watched(log, "b", [Buffer.alloc(1)]) },
    ];
    await expect(write(files)).rejects.toThrow("the disk went");
    expect(log).toEqual(["open a", "close a"]);
  });

  it("that fails at once, or in the tenth file, does so too", async () => {
    await expect(write([failingFile()])).rejects.toThrow("no");
    await expect(
      write([...Array.from({ length: 10 }, (_, index) => file(`f${index}`, "x")), failingFile()]),
    ).rejects.toThrow("no");
  });

  it.each([
    ["short by one byte", [Buffer.alloc(999)], "found 999"],
    ["empty", [], "found 0"],
    ["long by one byte", [Buffer.alloc(1001)], "found more"],
    ["long by one byte in a piece of its own", [Buffer.alloc(1000), Buffer.alloc(1)], "found more"],
  ])("that is %s is refused", async (_how, pieces, found) => {
    const content = watched([], "a", pieces);
    await expect(write([{ name: "a", size: 1000, content }, file("b")])).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      message: expect.stringContaining(found) as string,
    });
  });

  it("of no bytes may have a file", async () => {
    const tar = await write([{ name: "a", size: 0, content: watched([], "a", []) }]);
    expect(await listTar(tar)).toEqual([{ name: "a", kind: "file", content: "" }]);
  });

  it("is closed when the reader stops early, and nothing hangs", async () => {
    for (const stopAfter of [0, 1, 3]) {
      const log: string[] = [];
      const pieces = Array.from({ length: 100 }, () => Buffer.alloc(100_000));
      const content = watched(log, "a", pieces);
      const tar = writeTar([{ name: "a", size: 10_000_000, content }], { mtime: MTIME });
      let count = 0;
      for await (const piece of tar) {
        expect(piece.length).toBeGreaterThan(0);
        if (count++ === stopAfter) break;
      }
      await pause(20);
      expect(log).toEqual(["open a", "close a"]);
    }
  });

  it("that never comes lets the reader go", async () => {
    for await (const piece of writeTar(oneThen(new Promise(() => {})), { mtime: MTIME })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });

  it("list that fails makes the tar fail", async () => {
    await expect(write(oneThen(Promise.reject(new Error("no more files"))))).rejects.toThrow(
      "no more files",
    );
  });
});

describe("a name", () => {
  it.each([
    ["of 100 bytes", "f".repeat(100)],
    ["of 255 bytes with a slash where it helps", `${"d".repeat(154)}/${"f".repeat(100)}`],
    ["with blanks inside", "a b/c d"],
    ["with all that ASCII has", "files/!#$%&'()+,-.;=@[]^_`{}~"],
    ["that begins with a dot", ".hidden"],
  ])("%s is written as it is", async (_what, name) => {
    const found = await listTar(await write([file(name, "x")]));
    expect(found.map((entry) => entry.name)).toEqual([name]);
  });

  it.each([
    ["of 101 bytes without a slash", "f".repeat(101)],
    ["with a slash in the wrong place", `${"d".repeat(156)}/${"f".repeat(90)}`],
    ["of 257 bytes", `${"d".repeat(155)}/${"f".repeat(101)}`],
    ["beyond ASCII", "ü"],
    ["that is empty", ""],
    ["with a blank at its end", "a "],
    ["with a control character", "a\nb"],
    ["that climbs", "../a"],
    ["that is absolute", "/a"],
    ["with a drive letter", "C:a"],
    ["with a scheme", "files:a"],
    ["with a backslash", "a\\b"],
    ["with two slashes", "a//b"],
    ["with a dot as a part", "a/./b"],
    ["that ends like a directory", "a/"],
  ])("%s is refused before anything is read", async (_what, name) => {
    const log: string[] = [];
    const content = watched(log, "x", [Buffer.alloc(1)]);
    await expect(write([{ name, size: 1, content }])).rejects.toMatchObject({
      code: "DRAY_NAME_UNSUPPORTED",
      kind: "usage",
    });
    expect(log).toEqual([]);
  });
});

describe("a name that may be long", () => {
  it("gets a PAX record, and is otherwise held to the same rules", async () => {
    const name = `blobs/sha512/${"0".repeat(128)}`;
    const found = await listTar(await write([{ ...file(name, "x"), mayBeLong: true }]));
    expect(found).toEqual([{ name, kind: "file", content: "x" }]);
    for (const bad of ["../a", "a//b", "ü", `C:${"x".repeat(200)}`]) {
      await expect(write([{ ...file(bad), mayBeLong: true }])).rejects.toMatchObject({
        code: "DRAY_NAME_UNSUPPORTED",
      });
    }
  });
});

describe("a time", () => {
  it("up to 2038 is written to the second", async () => {
    for (const seconds of [0, 1, 2 ** 31 - 1]) {
      const tar = await write([file("a")], new Date(seconds * 1000));
      expect(new Header(tar, 0).mtime).toEqual(new Date(seconds * 1000));
    }
  });

  it.each([
    new Date(2 ** 31 * 1000),
    new Date("2040-01-01"),
    new Date(-1000),
    new Date(Number.NaN),
  ])("that a plain header cannot say is refused: %s", async (mtime) => {
    await expect(write([file("a")], mtime)).rejects.toMatchObject({
      code: "DRAY_TIME_UNSUPPORTED",
      kind: "usage",
    });
  });
});
