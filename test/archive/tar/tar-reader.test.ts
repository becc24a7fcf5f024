import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  base256,
  END_OF_TAR,
  gnuLongName,
  makeTar,
  paxHeader,
  paxRecord,
  rawPaxHeader,
  tarHeader,
  tarMember,
} from "../../../fixtures/archives.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { DrayError } from "../../../src/errors.ts";
import { carried, CARRIERS, list, listTar, opened, openedAt } from "../listing.ts";
import { laterOutcome } from "../../refusal.ts";

const damaged = { code: "DRAY_ARCHIVE_DAMAGED", kind: "refused" };
const cut = { code: "DRAY_ARCHIVE_TRUNCATED", kind: "refused" };

const A = { name: "a", content: "hello" };
const B = { name: "dir/b", content: "world" };

describe("a tar", () => {
  it.each(CARRIERS)("gives its members in order through a carrier of kind %s", async (carrier) => {
    const large = { name: "large", content: Buffer.alloc(300_000, "x") };
    const found = await listTar(makeTar([A, large, { name: "empty" }, B]), carrier);
    expect(found.map(({ name }) => name)).toEqual(["a", "large", "empty", "dir/b"]);
    expect(found.map(({ content }) => content.length)).toEqual([5, 300_000, 0, 5]);
  });

  it.each(CARRIERS)("skips what is not asked for, through %s", async (carrier) => {
    const archive = await opened(await carried(makeTar([A, B]), carrier));
    const names: string[] = [];
    for await (const { name } of archive.entries({ check: false })) names.push(name);
    expect(names).toEqual(["a", "dir/b"]);
  });

  it("says of each member what it is", async () => {
    const found = await listTar(
      makeTar([
        { name: "old", type: "\0" },
        { name: "contiguous", type: "7" },
        { name: "dir/", type: "5" },
        { name: "old-dir/", type: "0" },
        { name: "soft", type: "2", link: "/etc/passwd" },
        { name: "hard", type: "1", link: "a" },
        { name: "tty", type: "3" },
        { name: "disk", type: "4" },
        { name: "pipe", type: "6" },
        { name: "sparse", type: "S" },
        { name: "rest", type: "M" },
        { name: "dump", type: "D", content: "Yfile\0\0" },
        { name: "new", type: "Z" },
      ]),
    );
    expect(Object.fromEntries(found.map(({ name, kind }) => [name, kind]))).toEqual({
      old: "file",
      contiguous: "file",
      "dir/": "directory",
      "old-dir/": "directory",
      soft: "link",
      hard: "link",
      tty: "device",
      disk: "device",
      pipe: "device",
      sparse: "other",
      rest: "other",
      dump: "directory",
      new: "other",
    });
  });

  it("may be empty, and may have more zeros at its end than it must", async () => {
    expect(await list(await opened(makeTar([A], { end: Buffer.alloc(10_240) })))).toHaveLength(1);
    expect(await listTar(makeTar([A], { end: Buffer.alloc(1024 * 1024) }))).toHaveLength(1);
  });

  it.each(["gnu", "pax", "ustar", "v7"])("of GNU tar's format %s is read", async (format) => {
    const directory = await temporaryDirectory();
    const deep = format === "v7" ? "deep" : "d".repeat(60);
    await mkdir(join(directory, "in", deep), { recursive: true });
    await writeFile(join(directory, "in", deep, format === "v7" ? "f" : "f".repeat(70)), "x");
    const path = join(directory, "out.tar");
    execFileSync("tar", ["-C", directory, `--format=${format}`, "-cf", path, "in"]);
    const found = await list(await openedAt(path));
    expect(found.at(-1)?.content).toBe("x");
    expect(found.at(-1)?.name).toMatch(/^in\/d/);
  });
});

describe("long names", () => {
  const long = `${"d".repeat(120)}/${"f".repeat(120)}`;

  it("come from PAX, from GNU, and from a prefix", async () => {
    const short = { name: "short", content: "x" };
    const found = await listTar(
      makeTar([
        paxHeader({ path: long }),
        short,
        gnuLongName(long),
        short,
        { name: "f".repeat(100), prefix: "d".repeat(155) },
        gnuLongName("nobody's link", "K"),
        short,
      ]),
    );
    expect(found.map(({ name }) => name)).toEqual([
      long,
      long,
      `${"d".repeat(155)}/${"f".repeat(100)}`,
      "short",
    ]);
  });

  it("of PAX replace name and prefix together", async () => {
    const found = await listTar(
      makeTar([paxHeader({ path: "real" }), { name: "short", prefix: "cut/off" }]),
    );
    expect(found.map(({ name }) => name)).toEqual(["real"]);
  });

  it.each(["\0\0\0\0\0\0\0\0", "ustar  \0", "ustar 00", "ustar000", "USTAR\x0000"])(
    "with a prefix are refused in a header of the unknown kind %j",
    async (magic) => {
      expect(await listTar(makeTar([A, { ...B, magic }]))).toHaveLength(2);
      await expect(
        listTar(makeTar([A, { ...B, magic, prefix: "../../tmp" }])),
      ).rejects.toMatchObject(damaged);
    },
  );

  it("speak of one member only", async () => {
    const found = await listTar(
      makeTar([paxHeader({ path: "first" }), A, gnuLongName("second"), A, A]),
    );
    expect(found.map(({ name }) => name)).toEqual(["first", "second", "a"]);
  });

  it("are refused where two of them disagree", async () => {
    await expect(
      listTar(makeTar([gnuLongName("one"), paxHeader({ path: "two" }), A])),
    ).rejects.toMatchObject(damaged);
    await expect(
      listTar(makeTar([paxHeader({ path: "two" }), gnuLongName("one"), A])),
    ).rejects.toMatchObject(damaged);
  });
});

describe("PAX records", () => {
  it("may hold what does not matter here, also bytes and line feeds", async () => {
    const records = [
      paxRecord("mtime", "1700000000.5"),
      paxRecord("SCHILY.xattr.user.x", "a\nb=c\0d"),
      paxRecord("LIBARCHIVE.xattr.com.apple.provenance", "AQIA"),
      paxRecord("comment", ""),
      paxRecord("path", "named"),
      paxRecord("uid", "4294967294"),
    ];
    const found = await listTar(makeTar([rawPaxHeader(records.join("")), A]));
    expect(found.map(({ name }) => name)).toEqual(["named"]);
  });

  it("give a name as it is, even where it looks like something else", async () => {
    for (const path of ["12345", "0x10", "true", "a=b", " ", "a\nb", "ü"]) {
      const found = await listTar(makeTar([paxHeader({ path }), A]));
      expect(found.map(({ name }) => name)).toEqual([Buffer.from(path).toString()]);
    }
  });

  it("in two headers for one member are refused", async () => {
    await expect(
      listTar(makeTar([paxHeader({ path: "first" }), paxHeader({ path: "second" }), A])),
    ).rejects.toMatchObject(damaged);
  });

  it("that are empty take a name back", async () => {
    const found = await listTar(makeTar([paxHeader({ path: "" }), A]));
    expect(found.map(({ name }) => name)).toEqual(["a"]);
  });

  it("with a name that holds NUL give it whole, for the entry rules to refuse", async () => {
    const found = await listTar(makeTar([paxHeader({ path: "good\0evil" }), A]));
    expect(found.map(({ name }) => name)).toEqual(["good\0evil"]);
  });

  it.each([
    ["a length that is too small", "10 path=abcdef\n"],
    ["a length that is too large", "99 path=a\n"],
    ["no length", "path=a\n"],
    ["no line feed", "9 path=ab"],
    ["no equals sign", "8 path\n\n"],
    ["no name", "5 =a\n"],
    ["a sign before the length", "+10 path=a\n"],
    ["zeros behind them", `${paxRecord("path", "a")}\0\0\0`],
    ["a size that is no number", paxRecord("size", "abc")],
    ["a size in hexadecimal", paxRecord("size", "0x5")],
    ["a negative size", paxRecord("size", "-5")],
    ["a fraction as size", paxRecord("size", "5.0")],
    ["a size with an exponent", paxRecord("size", "5e0")],
    ["a size beyond all counting", paxRecord("size", "9".repeat(30))],
  ])("are refused with %s", async (_what, text) => {
    await expect(listTar(makeTar([rawPaxHeader(text), A]))).rejects.toMatchObject(damaged);
  });

  it.each([{ path: "x" }, { size: "5" }, { linkpath: "x" }, { "GNU.sparse.size": "9" }])(
    "for all members must not say %j, which is one member's own",
    async (records) => {
      await expect(
        listTar(makeTar([paxHeader(records, { global: true }), A])),
      ).rejects.toMatchObject(damaged);
    },
  );

  it("for all members may say what does not matter here", async () => {
    const found = await listTar(makeTar([paxHeader({ comment: "x" }, { global: true }), A, B]));
    expect(found.map(({ name }) => name)).toEqual(["a", "dir/b"]);
  });

  it("of a sparse file make it something else than a file", async () => {
    const found = await listTar(
      makeTar([paxHeader({ "GNU.sparse.major": "1", "GNU.sparse.realsize": "99999999999" }), A]),
    );
    expect(found.map(({ kind }) => kind)).toEqual(["other"]);
  });

  it("that end the archive speak of nothing", async () => {
    await expect(listTar(makeTar([A, paxHeader({ path: "x" })]))).rejects.toMatchObject(damaged);
    await expect(listTar(makeTar([A, gnuLongName("x")]))).rejects.toMatchObject(damaged);
  });
});

describe("sizes", () => {
  it.each([
    ["PAX says less", "3"],
    ["PAX says more", "512"],
    ["PAX says nothing", "0"],
  ])("that do not agree are refused: %s", async (_what, size) => {
    const hidden = makeTar([{ name: "hidden", content: "x" }], { end: Buffer.alloc(0) });
    const outer = { name: "outer", content: hidden };
    await expect(listTar(makeTar([paxHeader({ size }), outer]))).rejects.toMatchObject(damaged);
  });

  it("that agree are taken", async () => {
    expect(await listTar(makeTar([paxHeader({ size: "5" }), A]))).toHaveLength(1);
  });

  it("beyond what octal digits can say come from PAX or base-256", async () => {
    const size = 9 * 1024 ** 3;
    for (const pieces of [
      [paxHeader({ size: String(size) }), tarHeader({ name: "x", size: 0 })],
      [tarHeader({ name: "x", size: base256(BigInt(size)) })],
    ]) {
      const archive = await opened(Buffer.concat(pieces));
      const entries = archive.entries({ check: false })[Symbol.asyncIterator]();
      const { value } = (await entries.next()) as { value: { size: number } };
      expect(value.size).toBe(size);
      await entries.return?.();
    }
  });

  it.each([
    ["negative", base256(-1n)],
    ["negative by a lot", base256(-(2n ** 62n))],
    ["beyond all counting", base256(2n ** 60n)],
    ["2^53", base256(2n ** 53n)],
    ["a negative octal", Buffer.from("-0000000005\0")],
    ["no digits", Buffer.from("hello world\0")],
    ["digits and something else", Buffer.from("0000000005x\0")],
    ["a plus sign", Buffer.from("+0000000005\0")],
    ["digits beyond seven", Buffer.from("00000000058\0")],
    ["two numbers", Buffer.from("000005 00005")],
    ["blank", Buffer.from(" ".repeat(12))],
    ["an unknown form", Buffer.concat([Buffer.from([0xc0]), Buffer.alloc(11, 1)])],
  ])("that are %s are refused", async (_what, size) => {
    await expect(listTar(makeTar([B, { ...A, size }]))).rejects.toMatchObject(damaged);
  });

  it.each([
    ["with blanks before it", Buffer.from("         5 \0")],
    ["with a blank behind it", Buffer.from("00000000005 ")],
    ["with NUL behind it", Buffer.from("5\0\0\0\0\0\0\0\0\0\0\0")],
    ["without an end", Buffer.from("000000000005")],
    ["in base-256", base256(5n)],
  ])("are read %s", async (_what, size) => {
    expect(await listTar(makeTar([{ ...A, size }]))).toEqual([
      { name: "a", kind: "file", content: "hello" },
    ]);
  });

  it("on a directory that is a file by its type are refused: programs go on at different places", async () => {
    for (const type of ["0", "\0"]) {
      await expect(listTar(makeTar([{ name: "d/", type, content: "x" }, A]))).rejects.toMatchObject(
        damaged,
      );
    }
  });

  it("on what has no content are refused", async () => {
    for (const type of ["1", "2", "3", "5", "6", "V"]) {
      await expect(
        listTar(makeTar([{ name: "x", type, content: "hidden" }])),
      ).rejects.toMatchObject(damaged);
    }
  });
});

/** An end that has something in it. */
function end(at: number, length = 1024): Buffer {
  const zeros = Buffer.alloc(length);
  zeros[at] = 1;
  return zeros;
}

describe("what is refused as damaged", () => {
  it("a wrong checksum, and any header that has a byte changed", async () => {
    await expect(listTar(makeTar([B, { ...A, checksum: 1 }]))).rejects.toMatchObject(damaged);
    const tar = makeTar([A, B]);
    await fc.assert(
      fc.asyncProperty(fc.nat(147), fc.integer({ min: 1, max: 255 }), async (at, xor) => {
        const changed = Buffer.from(tar);
        changed.writeUInt8(changed.readUInt8(1024 + at) ^ xor, 1024 + at);
        await expect(listTar(changed)).rejects.toMatchObject(damaged);
      }),
      { numRuns: 30 },
    );
  });

  it("data in the padding, between the ends, and behind them", async () => {
    const padding = Buffer.alloc(507);
    padding[506] = 1;
    for (const tar of [
      makeTar([{ ...A, padding }]),
      makeTar([A], { end: end(512) }),
      makeTar([A], { end: end(1023) }),
      makeTar([A], { end: end(1024, 1536) }),
      makeTar([A], { end: end(40_000, 40_960) }),
      makeTar([A], { end: Buffer.concat([END_OF_TAR, tarMember(B), END_OF_TAR]) }),
    ]) {
      await expect(listTar(tar)).rejects.toMatchObject(damaged);
    }
  });

  it("zeros without end", async () => {
    const tar = makeTar([A], { end: Buffer.alloc(2 * 1024 * 1024) });
    await expect(listTar(tar)).rejects.toMatchObject(damaged);
  });

  it("records about one member that go on and on", async () => {
    const bombs = [
      rawPaxHeader(paxRecord("comment", "x".repeat(70_000))),
      gnuLongName("x".repeat(70_000)),
      tarMember({ name: "x", type: "x", size: base256(2n ** 40n) }),
      Buffer.concat(Array.from({ length: 200 }, () => paxHeader({ comment: "x" }))),
      Buffer.concat(Array.from({ length: 200 }, () => gnuLongName("x"))),
    ];
    for (const bomb of bombs)
      await expect(listTar(makeTar([bomb, A]))).rejects.toMatchObject(damaged);
  });

  it("nothing but zeros, or nothing", async () => {
    await expect(opened(Buffer.alloc(10_240))).rejects.toMatchObject({
      code: "DRAY_ARCHIVE_UNKNOWN",
    });
    await expect(opened(Buffer.alloc(0))).rejects.toMatchObject({ code: "DRAY_ARCHIVE_UNKNOWN" });
  });
});

describe("a tar that was cut", () => {
  it.each(CARRIERS)(
    "is refused wherever it was cut, through a carrier of kind %s",
    async (carrier) => {
      const tar = makeTar([A, { name: "empty" }, gnuLongName("x".repeat(600)), B]);
      const positions = [
        512,
        513,
        1023,
        1024,
        1536,
        2048,
        2500,
        3072,
        4096,
        tar.length - 1024,
        tar.length - 513,
        tar.length - 512,
        tar.length - 1,
      ];
      for (const length of positions) {
        const archive = await opened(await carried(tar.subarray(0, length), carrier));
        await expect(list(archive), `cut at ${length}`).rejects.toMatchObject({
          code: expect.stringMatching(/^DRAY_(ARCHIVE_TRUNCATED|FILE_TRUNCATED)$/) as string,
          kind: "refused",
        });
      }
    },
  );

  it("is refused where only the second block of the end is missing", async () => {
    await expect(listTar(makeTar([A], { end: Buffer.alloc(512) }))).rejects.toMatchObject(cut);
  });

  it("while it is read gives no bytes that were never there", async () => {
    const directory = await temporaryDirectory();
    const path = join(directory, "shrinking.tar");
    await writeFile(path, makeTar([A, { name: "large", content: Buffer.alloc(5_000_000, 1) }]));
    const archive = await openedAt(path);
    const entries = archive.entries({ check: true })[Symbol.asyncIterator]();
    await entries.next();
    await writeFile(path, (await readFile(path)).subarray(0, 100_000));
    await expect(
      (async () => {
        const { value } = await entries.next();
        for await (const piece of value.content())
          expect(piece.every((byte: number) => byte === 1)).toBe(true);
        await entries.next();
      })(),
    ).rejects.toBeInstanceOf(DrayError);
  });
});

describe("any bytes", () => {
  it("behind a good header end in members or in a DrayError, and always end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ minLength: 1, maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
            fc.constantFrom(A, B, paxHeader({ path: "p" }), gnuLongName("l"), END_OF_TAR),
          ),
          { maxLength: 6 },
        ),
        async (pieces) => {
          expect(await laterOutcome(() => listTar(makeTar([A, ...pieces])))).toBeDefined();
        },
      ),
      { numRuns: 150 },
    );
  });

  it("in one header field end in members or in a DrayError", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(511),
        fc.uint8Array({ minLength: 1, maxLength: 20 }),
        async (at, bytes) => {
          const header = tarHeader(A);
          Buffer.from(bytes).copy(header, at);
          // The sum is put right again, so that the field itself has to be judged.
          header.fill(" ", 148, 156);
          const sum = header.reduce((total, byte) => total + byte, 0);
          header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
          const rest = [Buffer.from("hello"), Buffer.alloc(507), END_OF_TAR];
          const tar = Buffer.concat([header, ...rest]);
          expect(await laterOutcome(() => listTar(tar))).toBeDefined();
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("many members", () => {
  it("are all read, 10,000 of them", async () => {
    const members = Array.from({ length: 10_000 }, (_, index) => tarHeader({ name: `f${index}` }));
    const archive = await opened(Buffer.concat([...members, END_OF_TAR]));
    let count = 0;
    for await (const entry of archive.entries({ check: true })) count += entry.size === 0 ? 1 : 0;
    expect(count).toBe(10_000);
  });
});
