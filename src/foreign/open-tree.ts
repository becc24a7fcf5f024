import { constants } from "node:fs";
import { open, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { RawEntry, SeekableArchive } from "../archive/archive.ts";
import { FileRange } from "../archive/file-range.ts";
import { type Entry, scan } from "../archive/scan.ts";
import { type Bytes, collect } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import { type ByteRange, FileTree, type ForeignFile, type ForeignLink } from "./file-tree.ts";
import { openEntry } from "./inner-archive.ts";
import { entryPath } from "../archive/entry-path.ts";
import { TAR_BLOCK } from "../archive/tar/tar-header.ts";

/** What the entry rules leave of an archive, and what they say about the rest. */
export interface OpenedTree {
  readonly tree: FileTree;
  readonly findings: readonly Finding[];
  /** What the entry rules say of each link; whoever may follow links takes it back. */
  readonly linkFindings: ReadonlyMap<string, Finding>;
  /** Carrier junk that was left out. */
  readonly stripped: readonly string[];
}

/** Lists an archive that can be read at any place. `prefix` says where it lies. */
export async function openTree(
  archive: SeekableArchive,
  { prefix = "", signal }: { prefix?: string; signal?: AbortSignal | undefined } = {},
): Promise<OpenedTree> {
  const scanned = await scan(archive, { hash: false, signal });
  const refused = scanned.findings.some(({ code }) => code === "ENTRY_TYPE_REFUSED");
  const links = refused ? await readLinks(archive) : new Map();
  const files = new Map<string, ForeignFile>();
  for (const [path, entry] of scanned.entries) files.set(path, fileOf(archive, entry, prefix));
  const linkFindings = new Map<string, Finding>();
  const findings: Finding[] = [];
  for (const finding of scanned.findings) {
    const { code, entry = "" } = finding;
    const placed = finding.entry === undefined ? finding : { ...finding, entry: prefix + entry };
    const isLink = code === "ENTRY_TYPE_REFUSED" && links.has(entry) && !linkFindings.has(entry);
    if (isLink) linkFindings.set(entry, placed);
    else findings.push(placed);
  }
  const stripped = scanned.stripped.map((path) => prefix + path);
  return { tree: new FileTree({ prefix, files, links }), findings, linkFindings, stripped };
}

function fileOf(archive: SeekableArchive, entry: Entry, prefix: string): ForeignFile {
  const { size } = entry;
  const path = prefix + entry.path;
  return {
    path,
    size,
    read: ({ offset = 0, length = size - offset } = {}) =>
      readPart(archive, entry, { offset, length }),
    open: (options) => openEntry({ archive, entry, path }, options),
  };
}

async function* readPart(
  archive: SeekableArchive,
  entry: Entry,
  { offset, length }: Required<ByteRange>,
): Bytes {
  if (length === 0) return;
  if (archive.kind === "directory") {
    yield* readDisk(join(archive.path, entry.path), { offset, length });
  } else {
    const lying = await archive.inPlace(entry);
    yield* lying?.read(offset, length) ?? sliced(archive.read(entry), offset, length);
  }
}

async function* readDisk(path: string, { offset, length }: Required<ByteRange>): Bytes {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    yield* new FileRange(file, { pieces: [{ path, size }], size }).read(offset, length);
  } finally {
    await file.close();
  }
}

async function* sliced(content: Bytes, offset: number, length: number): Bytes {
  let skip = offset;
  let left = length;
  for await (const chunk of content) {
    const piece = chunk.subarray(skip, skip + left);
    skip = Math.max(0, skip - chunk.length);
    left -= piece.length;
    if (piece.length > 0) yield piece;
    if (left === 0) return;
  }
}

/** ustar: where the name that a link leads to stands in a header. */
const LINK_NAME = { offset: 157, length: 100 };

/**
 * The links of an archive by their path. A name that takes the whole field may go on in a record of
 * its own; no docker archive has one, and it is left out.
 */
async function readLinks(archive: SeekableArchive): Promise<Map<string, ForeignLink>> {
  const links = new Map<string, ForeignLink>();
  for await (const raw of archive.entries({ check: false })) {
    if (raw.kind !== "link") continue;
    const checked = entryPath(raw.name);
    const target = raw.sameAs ?? (await targetOf(archive, raw));
    if ("problem" in checked || target === undefined || links.has(checked.path)) continue;
    links.set(checked.path, {
      kind: raw.sameAs === undefined ? "symbolic" : "hard",
      target,
    });
  }
  return links;
}

/** Longer than any path that may stand in an archive. */
const MAX_TARGET_BYTES = 4096;

async function targetOf(archive: SeekableArchive, raw: RawEntry): Promise<string | undefined> {
  if (archive.kind === "directory") return readlink(join(archive.path, raw.name));
  if (archive.kind === "zip") {
    // In a zip the content of a link is where it leads.
    return raw.size > MAX_TARGET_BYTES
      ? undefined
      : (await collect(raw.content())).toString("utf8");
  }
  // In a tar the header stands right before the content, of which a link has none.
  const header = archive.read({ position: raw.position - TAR_BLOCK, size: TAR_BLOCK });
  const { offset, length } = LINK_NAME;
  const field = (await collect(header)).subarray(offset, offset + length);
  const end = field.indexOf(0);
  return end <= 0 ? undefined : field.toString("utf8", 0, end);
}
