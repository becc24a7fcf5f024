import { link, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  base256,
  fileOf,
  gnuLongName,
  makeTar,
  paxHeader,
  tarHeader,
  tarMember,
  type TarMember,
} from "../../../fixtures/archives.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { scan } from "../../../src/archive/scan.ts";
import { collect } from "../../../src/content/content.ts";
import { openedAt } from "../listing.ts";
import { isThere, PEERS, type Peer, peersAtHand, usePeers } from "./peers.ts";

usePeers();

/** Files with their content, by name. */
type Files = Readonly<Record<string, string>>;

/** What dray sees in the tar at `path`; it is read whole, as `verify` does. */
async function seen(path: string): Promise<Files> {
  const archive = await openedAt(path);
  const { entries, findings } = await scan(archive, { hash: true });
  expect(findings).toEqual([]);
  const files: Record<string, string> = {};
  for (const entry of entries.values()) {
    if (archive.kind === "stream") throw new Error("expected a tar as it is");
    files[entry.path] = (await collect(archive.read(entry))).toString();
  }
  return files;
}

/** What lies in a directory. */
async function lying(directory: string, below = ""): Promise<Files> {
  const files: Record<string, string> = {};
  for (const found of await readdir(join(directory, below), { withFileTypes: true })) {
    const name = below === "" ? found.name : `${below}/${found.name}`;
    if (found.isDirectory()) Object.assign(files, await lying(directory, name));
    else if (found.isFile()) files[name] = await readFile(join(directory, name), "utf8");
  }
  return files;
}

/** What a program makes of a tar; undefined if it refuses it. */
async function unpackedBy(unpack: Peer["unpack"], path: string): Promise<Files | undefined> {
  const directory = await temporaryDirectory();
  try {
    unpack(path, directory);
  } catch {
    return undefined;
  }
  return lying(directory);
}

/** Cut at 100 bytes, with `./` before it and without, these end in a slash. */
const CUT_AT_SLASH = [`${"a".repeat(99)}/data`, `${"b".repeat(97)}/data`];

const SHORT: Files = { short: "one", "folder/file": "two" };
const DEEP: Files = {
  ...SHORT,
  ...Object.fromEntries(CUT_AT_SLASH.map((name, index) => [name, `cut ${index}`])),
  [`${"p".repeat(60)}/${"q".repeat(60)}/${"r".repeat(60)}`]: "behind a prefix",
};
const ANY: Files = { ...DEEP, [`${"l".repeat(140)}/${"m".repeat(140)}`]: "long", grüße: "three" };

/** What a format can hold: v7 has no prefix, and ustar nothing but. */
function treeFor(format: string): Files {
  if (format === "v7") return SHORT;
  return /ustar/i.test(format) ? DEEP : ANY;
}

async function treeOf(files: Files): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  await mkdir(join(directory, "empty"));
  await link(join(directory, "short"), join(directory, "zz-the-same"));
  return directory;
}

describe.each(PEERS)("what $name packs", (peer) => {
  it.for(peer.formats)("in its format %s is read", async (format, context) => {
    if (!isThere(peer)) context.skip(`needs ${peer.name}`);
    const files = treeFor(format);
    const path = join(await temporaryDirectory(), "packed.tar");
    peer.pack(path, await treeOf(files), format);
    expect(await seen(path)).toEqual({ ...files, "zz-the-same": "one" });
  });
});

const A = { name: "a", content: "hello" };
const B = { name: "b", content: "world" };
const AB: Files = { a: "hello", b: "world" };
const GNU = { magic: "ustar  \0" };
/** Times of access and change, as an incremental backup of GNU tar has them. */
const TIMES = "14771234567\0".repeat(2);

interface Dialect {
  readonly what: string;
  readonly members: readonly (TarMember | Buffer)[];
  readonly files: Files;
  /** Who reads it otherwise, in some version at least. */
  readonly but?: readonly string[];
}

const READ: readonly Dialect[] = [
  { what: "nothing special", members: [A, B], files: AB },
  { what: "headers of the seventh Unix", members: [{ ...A, magic: "\0".repeat(8) }, B], files: AB },
  { what: "headers of old GNU tar", members: [{ ...A, ...GNU }, B], files: AB },
  {
    what: "times at the place of the prefix",
    members: [{ ...A, ...GNU, prefix: TIMES }, B],
    files: AB,
    but: ["python3"],
  },
  {
    what: "a prefix behind ustar without a version",
    members: [{ ...A, magic: "ustar\0\0\0", prefix: "up/there" }, B],
    files: { "up/there/a": "hello", b: "world" },
  },
  {
    what: "a prefix that takes its whole field",
    members: [{ ...A, name: "n".repeat(100), prefix: "p".repeat(155) }],
    files: { [`${"p".repeat(155)}/${"n".repeat(100)}`]: "hello" },
  },
  {
    what: "a name of GNU's whose cut ends in a slash",
    members: [
      gnuLongName(`${"d".repeat(99)}/file`),
      { ...A, ...GNU, name: `${"d".repeat(99)}/` },
      B,
    ],
    files: { [`${"d".repeat(99)}/file`]: "hello", b: "world" },
  },
  {
    what: "a name of PAX whose cut ends in a slash",
    members: [
      paxHeader({ path: `${"d".repeat(99)}/file` }),
      { ...A, name: `${"d".repeat(99)}/` },
      B,
    ],
    files: { [`${"d".repeat(99)}/file`]: "hello", b: "world" },
  },
  {
    what: "a directory that is a file by its type",
    members: [{ name: "d/" }, { name: "d/e/", type: "\0" }, { ...A, name: "d/e/a" }],
    files: { "d/e/a": "hello" },
    but: ["go", "python3"],
  },
  {
    what: "a directory that states a size",
    members: [tarHeader({ name: "d/", type: "5", size: 4096 }), A, B],
    files: AB,
  },
  {
    what: "a directory of an incremental backup",
    members: [{ name: "d/", type: "D", content: "Ya\0\0" }, A, B],
    files: AB,
    but: ["python3"],
  },
  {
    what: "the label of a volume",
    members: [tarHeader({ name: "label", type: "V", size: Buffer.alloc(12) }), A, B],
    files: AB,
    but: ["python3"],
  },
  { what: "a contiguous file", members: [{ ...A, type: "7" }, B], files: AB, but: ["go"] },
  { what: "a file of the old type", members: [{ ...A, type: "\0" }, B], files: AB },
  { what: "a size in base-256", members: [{ ...A, size: base256(5n) }, B], files: AB },
  {
    what: "a size without digits",
    members: [{ name: "empty", size: Buffer.alloc(12) }, A],
    files: { empty: "", a: "hello" },
  },
  {
    what: "a size of PAX that is the header's",
    members: [paxHeader({ size: "5" }), A, B],
    files: AB,
  },
  {
    what: "a hard link",
    members: [A, { name: "h", type: "1", link: "a" }],
    files: { a: "hello", h: "hello" },
  },
  {
    what: "a hard link that states the size of its file",
    members: [A, tarHeader({ name: "h", type: "1", link: "a", size: 5 }), B],
    files: { ...AB, h: "hello" },
  },
  {
    what: "a hard link to a long name of PAX",
    members: [
      paxHeader({ path: "l".repeat(120) }),
      A,
      paxHeader({ linkpath: "l".repeat(120) }),
      { name: "h", type: "1", link: "cut" },
    ],
    files: { ["l".repeat(120)]: "hello", h: "hello" },
  },
  {
    what: "a hard link to a long name of GNU's",
    members: [
      gnuLongName("l".repeat(120)),
      { ...A, ...GNU },
      gnuLongName("l".repeat(120), "K"),
      { ...GNU, name: "h", type: "1", link: "cut" },
    ],
    files: { ["l".repeat(120)]: "hello", h: "hello" },
  },
  {
    what: "a checksum over signed bytes",
    members: [signed(tarMember({ name: "grün", content: "hello" })), B],
    files: { grün: "hello", b: "world" },
  },
  {
    what: "records for all entries that do not matter",
    members: [paxHeader({ comment: "of git" }, { global: true }), A, B],
    files: AB,
  },
];

/** With the checksum that programs have written whose bytes go from -128 to 127. */
function signed(member: Buffer): Buffer {
  const block = Buffer.from(member.subarray(0, 512)).fill(" ", 148, 156);
  const sum = new Int8Array(block).reduce((total, byte) => total + byte, 0);
  const changed = Buffer.from(member);
  changed.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return changed;
}

describe("a tar with", () => {
  it.each(READ)("$what is read", async ({ members, files }) => {
    expect(await seen(await fileOf(makeTar(members)))).toEqual(files);
  });

  it.for(READ)(
    "$what is unpacked to the same by others",
    async ({ members, files, but = [] }, context) => {
      const path = await fileOf(makeTar(members));
      const peers = peersAtHand(context).filter(({ name }) => !but.includes(name));
      const found: Record<string, Files | undefined> = {};
      for (const { name, unpack } of peers) found[name] = await unpackedBy(unpack, path);
      expect(found).toEqual(Object.fromEntries(peers.map(({ name }) => [name, files])));
    },
  );
});
