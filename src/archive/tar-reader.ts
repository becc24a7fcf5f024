import { Header } from "tar/header";
import { Pax } from "tar/pax";
import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import { truncated, type Cursor } from "./cursor.ts";

export const TAR_BLOCK = 512;

/** Long names and PAX records beyond this are no honest file's. */
const MAX_META_BYTES = 64 * 1024;

/** Zeros that tar programs put behind the end marker: one record, which is 10 KiB by default. */
const MAX_TAIL = 1024 * 1024;
const TAIL_STEP = 32 * 1024;

/** From here on a ustar size field needs help from PAX or base-256. */
const MAX_USTAR_SIZE = 8 * 1024 ** 3 - 1;

export type EntryKind = "file" | "directory" | "link" | "device" | "other";

/** One member of an archive, as the archive states it: nothing about it is checked yet. */
export interface RawEntry {
  readonly name: string;
  readonly kind: EntryKind;
  /** What the archive calls it, for messages. */
  readonly type: string;
  /** Bytes of content. */
  readonly size: number;
  /** Where the content begins, in bytes of tar. */
  readonly position: number;
  /** The content, once, before the next entry is asked for. */
  content(): Bytes;
}

const KINDS: Readonly<Record<string, EntryKind>> = {
  File: "file",
  OldFile: "file",
  ContiguousFile: "file",
  Directory: "directory",
  Link: "link",
  SymbolicLink: "link",
  CharacterDevice: "device",
  BlockDevice: "device",
  FIFO: "device",
};

/** PAX and GNU headers that speak of the entry that follows. */
interface Meta {
  local: Pax | undefined;
  global: Pax | undefined;
  longName: string | undefined;
  sparse: boolean;
}

/**
 * The members of a tar in order, over any carrier. Stricter than a tar program: header checksums,
 * the end marker, zeros after it, and sizes that PAX and ustar agree on (CVE-2025-62518) are
 * required.
 *
 * @throws DrayError `DRAY_ARCHIVE_DAMAGED`, `DRAY_ARCHIVE_TRUNCATED`
 */
export async function* readTar(cursor: Cursor): AsyncGenerator<RawEntry, void, undefined> {
  const meta: Meta = { local: undefined, global: undefined, longName: undefined, sparse: false };
  for (;;) {
    const start = cursor.position;
    const block = await cursor.take(TAR_BLOCK);
    if (block.length < TAR_BLOCK) throw truncated(cursor.position);
    if (isZero(block)) return readEnd(cursor);
    const header = decode(block, meta, start);
    if (await readMeta(cursor, header, meta)) continue;
    const entry = toEntry(cursor, header, meta);
    const end = entry.position + padded(entry.size);
    yield entry;
    if (cursor.position < entry.position + entry.size) {
      await cursor.skip(entry.position + entry.size - cursor.position);
    }
    await readPadding(cursor, end - cursor.position);
    Object.assign(meta, { local: undefined, longName: undefined, sparse: false });
  }
}

function decode(block: Buffer, meta: Meta, start: number): Header {
  const header = tryDecode(block, meta, start);
  if (!header.cksumValid) throw damaged(start, "the checksum of a header is wrong");
  if (header.size === undefined) throw damaged(start, "an entry has no size");
  return header;
}

function tryDecode(block: Buffer, meta: Meta, start: number): Header {
  try {
    const header = new Header(block, 0, meta.local, meta.global);
    const alone = new Header(block, 0);
    if (header.size !== alone.size && (header.size ?? 0) <= MAX_USTAR_SIZE) {
      throw damaged(start, `an entry has ${header.size} bytes and ${alone.size} bytes at once`);
    }
    return header;
  } catch (cause) {
    if (cause instanceof DrayError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw damaged(start, `a header cannot be read: ${reason}`);
  }
}

/** Takes in a header that only describes the next one. False: `header` is an entry itself. */
async function readMeta(cursor: Cursor, header: Header, meta: Meta): Promise<boolean> {
  const size = header.size ?? 0;
  switch (header.type) {
    case "ExtendedHeader":
    case "OldExtendedHeader": {
      const text = await readMetaText(cursor, size);
      meta.local = Pax.parse(text, meta.local);
      meta.sparse ||= text.includes(" GNU.sparse.");
      return true;
    }
    case "GlobalExtendedHeader":
      meta.global = Pax.parse(await readMetaText(cursor, size), meta.global, true);
      return true;
    case "NextFileHasLongPath":
    case "OldGnuLongPath":
      meta.longName = (await readMetaText(cursor, size)).replace(/\0.*$/s, "");
      return true;
    case "NextFileHasLongLinkpath":
      await readMetaText(cursor, size);
      return true;
    default:
      return false;
  }
}

async function readMetaText(cursor: Cursor, size: number): Promise<string> {
  if (size > MAX_META_BYTES) {
    throw damaged(cursor.position, `a name record has ${size} bytes, more than ${MAX_META_BYTES}`);
  }
  const text = (await cursor.take(size)).toString("utf8");
  await readPadding(cursor, padded(size) - size);
  return text;
}

function toEntry(cursor: Cursor, header: Header, meta: Meta): RawEntry {
  const kind = meta.sparse ? "other" : (KINDS[header.type] ?? "other");
  // Only regular files carry content; a size on anything else would hide what follows.
  const size = header.size ?? 0;
  const position = cursor.position;
  if (kind !== "file" && kind !== "other" && size > 0) {
    throw damaged(position, `a ${header.type} has content`);
  }
  let used = false;
  return {
    name: meta.longName ?? header.path ?? "",
    kind,
    type: meta.sparse ? "SparseFile" : header.type,
    size,
    position,
    content() {
      if (used || cursor.position !== position) throw new Error("content is read once, in order");
      used = true;
      return cursor.bytes(size);
    },
  };
}

/** Padding is zeros: nothing travels that no list names. */
async function readPadding(cursor: Cursor, length: number): Promise<void> {
  if (length === 0) return;
  const start = cursor.position;
  const padding = await cursor.take(length);
  if (padding.length < length) throw truncated(cursor.position);
  if (!isZero(padding)) {
    throw damaged(start, "there is data between two entries");
  }
}

/** After the first block of zeros: one more, then nothing but zeros, and not many. */
async function readEnd(cursor: Cursor): Promise<void> {
  const start = cursor.position;
  for (;;) {
    const zeros = await cursor.take(TAIL_STEP);
    if (!isZero(zeros)) throw damaged(start, "there is data after the end marker");
    const length = cursor.position - start;
    if (length > MAX_TAIL)
      throw damaged(start, `more than ${MAX_TAIL} bytes of zeros follow the end`);
    if (zeros.length === TAIL_STEP) continue;
    if (length < TAR_BLOCK) throw truncated(cursor.position);
    return;
  }
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

function damaged(position: number, reason: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_DAMAGED",
    `Cannot read the archive at byte ${position} of the tar: ${reason}`,
    { kind: "refused" },
  );
}
