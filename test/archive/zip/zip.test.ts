import { execFileSync } from "node:child_process";
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileOf } from "../../../fixtures/archives.ts";
import { makeZip, type ZipMemberSpec } from "../../../fixtures/archives-zip.ts";
import { seededBytes } from "../../../fixtures/images.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { scan } from "../../../src/archive/scan.ts";
import { collect } from "../../../src/content/content.ts";
import { DrayError } from "../../../src/errors.ts";
import { needs } from "../../programs.ts";
import { laterOutcome } from "../../refusal.ts";
import { codes, list, opened, openedAt } from "../listing.ts";

const LARGE = seededBytes("zip", 300_000);
const MEMBERS: readonly ZipMemberSpec[] = [
  { name: "sub/", mode: 0o040_755, method: 0 },
  { name: "sub/a", content: "hello" },
  { name: "sub/stored", content: LARGE, method: 0 },
  { name: "sub/deflated", content: LARGE },
  { name: "empty", method: 0 },
];

async function contents(bytes: Buffer): Promise<Record<string, string>> {
  const listed = await list(await opened(bytes));
  return Object.fromEntries(listed.map(({ name, content }) => [name, content]));
}

/** The code that a zip is refused with, when it is opened or when it is read. */
async function refusal(bytes: Buffer): Promise<string> {
  const found = await laterOutcome(async () => scan(await opened(bytes), { hash: true }));
  if (found instanceof DrayError) return `${found.kind} ${found.code}`;
  return `finding ${codes(found).join(", ")}`;
}

describe("a zip", () => {
  it("gives its files, stored and deflated, in their order", async () => {
    const archive = await opened(makeZip(MEMBERS));
    expect(archive.forms).toEqual(["zip"]);
    expect(await list(archive)).toEqual([
      { name: "sub/", kind: "directory", content: "" },
      { name: "sub/a", kind: "file", content: "hello" },
      { name: "sub/stored", kind: "file", content: LARGE.toString("latin1") },
      { name: "sub/deflated", kind: "file", content: LARGE.toString("latin1") },
      { name: "empty", kind: "file", content: "" },
    ]);
  });

  it("can be read at any place, in any order, again and again", async () => {
    const archive = await opened(makeZip(MEMBERS));
    const { entries } = await scan(archive, { hash: false });
    for (const name of ["sub/deflated", "sub/stored", "sub/deflated"]) {
      const entry = entries.get(name);
      if (entry === undefined || archive.kind === "stream") throw new Error("expected an entry");
      expect((await collect(archive.read(entry))).equals(LARGE)).toBe(true);
    }
  });

  it.each([["signed"], ["bare"], ["wide"]] as const)(
    "with %s descriptors behind its members is good",
    async (descriptor) => {
      const bytes = makeZip([
        { name: "a", content: "hello", descriptor },
        { name: "empty", descriptor },
        { name: "b", content: LARGE, descriptor },
      ]);
      expect(await contents(bytes)).toMatchObject({ a: "hello", empty: "" });
    },
  );

  it("may say sizes and places in 64 bits, have a comment and be empty", async () => {
    const bytes = makeZip(
      MEMBERS.map((member) => ({ ...member, zip64: true })),
      { comment: "a word" },
    );
    expect(await contents(bytes)).toMatchObject({ "sub/a": "hello" });
    expect(await contents(makeZip([]))).toEqual({});
  });

  it("may have zeros behind it, where a program wrote whole blocks", async () => {
    const zip = makeZip(MEMBERS);
    for (const block of [512, 4096, 32 * 1024]) {
      const whole = Buffer.alloc(Math.ceil(zip.length / block) * block);
      zip.copy(whole);
      expect(await contents(whole)).toMatchObject({ "sub/a": "hello" });
    }
  });

  it("of Windows may part its paths with backslashes, of Unix not", async () => {
    expect(await contents(makeZip([{ name: "sub\\a", content: "x", host: 0 }]))).toEqual({
      "sub/a": "x",
    });
    expect(await refusal(makeZip([{ name: "sub\\a", content: "x" }]))).toBe(
      "finding ENTRY_NAME_REFUSED",
    );
  });

  it("of a Mac has UTF-8 names without saying so, of DOS its old letters", async () => {
    expect(await contents(makeZip([{ name: "é", content: "x" }]))).toEqual({ é: "x" });
    expect(await contents(makeZip([{ name: Buffer.from([0x82]), content: "x", host: 0 }]))).toEqual(
      { é: "x" },
    );
  });
});

describe("a zip is refused", () => {
  const bomb = Buffer.alloc(100_000_000);

  it.each<[string, string, ZipMemberSpec[]]>([
    [
      "with the wrong checksum",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", stated: { crc: 1 } }],
    ],
    [
      "with fewer bytes than it states",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", stated: { size: 9 } }],
    ],
    [
      "with more bytes than it states",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: LARGE, stated: { size: 9 } }],
    ],
    [
      "with two sizes of a stored member",
      "refused DRAY_ZIP_DAMAGED",
      [{ name: "a", content: "xx", method: 0, stated: { size: 9 } }],
    ],
    [
      "with data behind a member's content",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", behind: Buffer.alloc(5) }],
    ],
    [
      "with another name before the content",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", local: { name: "b" } }],
    ],
    [
      "with another size before the content",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", local: { size: 7 } }],
    ],
    [
      "with another checksum before the content",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", local: { crc: 7 } }],
    ],
    [
      "with another compression before the content",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: "x", local: { method: 0 } }],
    ],
    [
      "with members that overlap",
      "finding ZIP_DAMAGED",
      [
        { name: "a", content: LARGE },
        { name: "b", content: LARGE, stated: { offset: 40 } },
      ],
    ],
    [
      "with a member two times",
      "finding ENTRY_DUPLICATE",
      [
        { name: "a", content: "x" },
        { name: "a", content: "y" },
      ],
    ],
    [
      "with names that differ in case",
      "finding ENTRY_DUPLICATE",
      [
        { name: "a", content: "x" },
        { name: "A", content: "y" },
      ],
    ],
    [
      "with a link",
      "finding ENTRY_TYPE_REFUSED",
      [{ name: "a", content: "/etc", mode: 0o120_777 }],
    ],
    ["with a device", "finding ENTRY_TYPE_REFUSED", [{ name: "a", mode: 0o020_666, method: 0 }]],
    [
      "with a directory that has content",
      "refused DRAY_ZIP_DAMAGED",
      [{ name: "a/", content: "x" }],
    ],
    ["with a name that leads out", "finding ENTRY_NAME_REFUSED", [{ name: "../a", content: "x" }]],
    ["with a NUL in a name", "finding ENTRY_NAME_REFUSED", [{ name: "a\0b", content: "x" }]],
    [
      "when it is encrypted",
      "refused DRAY_ARCHIVE_UNSUPPORTED",
      [{ name: "a", content: "x", flags: 1 }],
    ],
    [
      "when it is compressed as Explorer does large files",
      "refused DRAY_ARCHIVE_UNSUPPORTED",
      [{ name: "a", content: "x", method: 9 }],
    ],
    [
      "when it unpacks to far more than it is",
      "refused DRAY_ARCHIVE_TOO_LARGE",
      [{ name: "a", content: bomb }],
    ],
    [
      "when it only states little",
      "finding ZIP_DAMAGED",
      [{ name: "a", content: bomb, stated: { size: 1000 } }],
    ],
  ])("%s", async (...[, code, members]) => {
    expect(await refusal(makeZip(members))).toBe(code);
  });

  it("with data before its first member, or behind its end", async () => {
    const hidden = makeZip([{ name: "hidden", content: "x" }]).subarray(0, 39);
    const prefixed = makeZip([{ name: "a", content: "x" }], { prefix: hidden });
    expect(await refusal(prefixed)).toBe("finding ZIP_DAMAGED");
    for (const behind of [
      Buffer.from("x"),
      Buffer.alloc(1),
      Buffer.alloc(513),
      Buffer.from("\0x"),
    ]) {
      const zip = makeZip(MEMBERS, { comment: "c".repeat(512 - (makeZip(MEMBERS).length % 512)) });
      expect(await refusal(Buffer.concat([zip, behind]))).toBe("refused DRAY_ZIP_DAMAGED");
    }
  });

  it.each(["none", "cut"] as const)(
    "with %s of the descriptor that it promises",
    async (descriptor) => {
      for (const content of ["hello", LARGE]) {
        const zip = makeZip([
          { name: "a", content, descriptor },
          { name: "b", content: "x" },
        ]);
        expect(await refusal(zip)).toBe("finding ZIP_DAMAGED");
      }
    },
  );

  it("with more or fewer members than it counts", async () => {
    for (const count of [1, 9]) {
      expect(await refusal(makeZip(MEMBERS, { count }))).toBe("refused DRAY_ZIP_DAMAGED");
    }
  });

  it("when it is one part of several, or cut", async () => {
    const zip = makeZip(MEMBERS);
    expect(await refusal(makeZip(MEMBERS, { disk: 2 }))).toBe("refused DRAY_ARCHIVE_UNSUPPORTED");
    const marked = Buffer.concat([Buffer.from("504b0708", "hex"), zip.subarray(0, 1000)]);
    expect(await refusal(marked)).toBe("refused DRAY_ARCHIVE_TRUNCATED");
    for (const length of [10, 1000, zip.length - 1, zip.length - 22]) {
      expect(await refusal(zip.subarray(0, length))).toMatch(/TRUNCATED|DAMAGED/);
    }
  });

  it("when a Finder made it of more than 4 GiB, and says so", async () => {
    const path = await fileOf(makeZip([{ name: "a", content: "x" }]));
    const file = await open(path, "r+");
    const { size } = await file.stat();
    const tail = Buffer.alloc(size - 32);
    await file.read(tail, 0, tail.length, 32);
    // As if the member's content had 4 GiB more: the end is where it was, counted anew.
    await file.write(tail, 0, tail.length, 2 ** 32 + 32);
    await file.close();
    await expect(openedAt(path)).rejects.toMatchObject({
      code: "DRAY_ARCHIVE_UNSUPPORTED",
      message: expect.stringContaining("Finder") as string,
    });
  });

  it("with any byte of it changed, or harmless", async () => {
    const zip = makeZip([
      { name: "a", content: "hello" },
      { name: "b", content: "hello", method: 0, descriptor: "signed" },
    ]);
    const good = JSON.stringify(await contents(zip));
    for (let at = 0; at < zip.length; at++) {
      const changed = Buffer.from(zip);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x11, at);
      const found = await laterOutcome(() => contents(changed));
      // Times and versions do not matter; whatever else is read differently is refused.
      const fate = found instanceof DrayError ? found.kind : JSON.stringify(found);
      expect(["refused", good]).toContain(fate);
    }
  });
});

describe("a zip of another tool", () => {
  it.for([
    ["zip", "-qr", "OUT", "."],
    ["zip", "-q0r", "OUT", "."],
    ["zip", "-qr", "-fz", "OUT", "."],
    ["7z", "a", "-bd", "OUT", "."],
    ["7z", "a", "-bd", "-tzip", "-mx=9", "OUT", "."],
    ["bsdtar", "--format", "zip", "-cf", "OUT", "."],
    ["sh", "-c", "zip -qr - . > OUT"],
    ["sh", "-c", "bsdtar --format zip -cf - . > OUT"],
  ])("made with %s %s %s %s gives the same files", async ([program = "", ...args], context) => {
    for (const name of ["zip", "7z", "bsdtar"]) needs(context, name);
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "in", "sub"), { recursive: true });
    await writeFile(join(directory, "in", "sub", "é.txt"), "hello");
    await writeFile(join(directory, "in", "large"), LARGE);
    await writeFile(join(directory, "in", "text"), "text\n".repeat(10_000));
    const path = join(directory, "out.zip");
    execFileSync(
      program,
      args.map((arg) => arg.replace("OUT", path)),
      {
        cwd: join(directory, "in"),
        env: { ...process.env, LC_ALL: "C.UTF-8" },
      },
    );
    const { entries, findings } = await scan(await openedAt(path), { hash: true });
    expect(findings).toEqual([]);
    expect([...entries.keys()].toSorted()).toEqual(["large", "sub/é.txt", "text"]);
  });
});
