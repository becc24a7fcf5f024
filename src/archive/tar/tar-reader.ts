import type { Header } from "tar/header";
import type { RawEntry } from "../archive.ts";
import { truncated, type Cursor } from "../cursor.ts";
import { globalPaxProblem, parsePax, type PaxMeta } from "./pax.ts";
import { damaged, decodeHeader, kindOf, TAR_BLOCK } from "./tar-header.ts";

/** Long names and PAX records beyond this are no honest file's. */
const MAX_META_BYTES = 64 * 1024;

/** Headers that only describe the next one: two or three come before a real entry. */
const MAX_META_HEADERS = 16;

/** Zeros that tar programs put behind the end marker: one record, which is 10 KiB by default. */
const MAX_TAIL = 1024 * 1024;
const TAIL_STEP = 32 * 1024;

/** From here on a ustar size field needs help from PAX or base-256. */
const MAX_USTAR_SIZE = 8 * 1024 ** 3 - 1;

/** What PAX and GNU headers have said of the entry that follows. */
interface Meta {
  headers: number;
  pax: PaxMeta | undefined;
  longName: string | undefined;
}

const NO_META: Meta = { headers: 0, pax: undefined, longName: undefined };

/**
 * The entries of a tar in order, over any carrier. Stricter than a tar program: header checksums,
 * the end marker, zeros after it, and PAX records that agree with the headers are required.
 *
 * @throws DrayError `DRAY_ARCHIVE_DAMAGED`, `DRAY_ARCHIVE_TRUNCATED`
 */
export async function* readTar(cursor: Cursor): AsyncGenerator<RawEntry, void, undefined> {
  let meta = { ...NO_META };
  for (;;) {
    const start = cursor.position;
    const block = await cursor.take(TAR_BLOCK);
    if (block.length < TAR_BLOCK) throw truncated(cursor.position);
    if (isZero(block)) return readEnd(cursor, meta);
    const header = decodeHeader(block, start);
    if (await readMeta(cursor, header, meta)) {
      if (++meta.headers <= MAX_META_HEADERS) continue;
      throw damaged(start, `more than ${MAX_META_HEADERS} headers describe one entry`);
    }
    const entry = toEntry(cursor, header, meta);
    const end = entry.position + padded(entry.size);
    yield entry;
    if (cursor.position < entry.position + entry.size) {
      await cursor.skip(entry.position + entry.size - cursor.position);
    }
    await readPadding(cursor, end - cursor.position);
    meta = { ...NO_META };
  }
}

/** Takes in a header that only describes the next one. False: `header` is an entry itself. */
async function readMeta(cursor: Cursor, header: Header, meta: Meta): Promise<boolean> {
  const start = cursor.position;
  const size = header.size ?? 0;
  switch (header.type) {
    case "ExtendedHeader":
    case "OldExtendedHeader": {
      const pax = parsePax(await readMetaBytes(cursor, size));
      if ("problem" in pax) throw damaged(start, pax.problem);
      if (meta.pax !== undefined) throw damaged(start, "an entry has two PAX headers");
      meta.pax = pax;
      return true;
    }
    case "GlobalExtendedHeader": {
      const problem = globalPaxProblem(await readMetaBytes(cursor, size));
      if (problem !== undefined) throw damaged(start, problem);
      return true;
    }
    case "NextFileHasLongPath":
    case "OldGnuLongPath":
      if (meta.longName !== undefined) throw damaged(start, "an entry has two long names");
      meta.longName = (await readMetaBytes(cursor, size)).toString("utf8").replace(/\0.*$/s, "");
      return true;
    case "NextFileHasLongLinkpath":
      await readMetaBytes(cursor, size);
      return true;
    default:
      return false;
  }
}

async function readMetaBytes(cursor: Cursor, size: number): Promise<Buffer> {
  if (size > MAX_META_BYTES) {
    throw damaged(cursor.position, `a name record has ${size} bytes, more than ${MAX_META_BYTES}`);
  }
  const bytes = await cursor.take(size);
  if (bytes.length < size) throw truncated(cursor.position);
  await readPadding(cursor, padded(size) - size);
  return bytes;
}

function toEntry(cursor: Cursor, header: Header, meta: Meta): RawEntry {
  const { position } = cursor;
  const isSparse = meta.pax?.isSparse === true;
  const kind = isSparse ? "other" : kindOf(header);
  const size = sizeOf(header, meta.pax, position);
  // Only regular files carry content; a size on anything else would hide what follows.
  if (size > 0 && kind !== "file" && kind !== "other") {
    throw damaged(position, `a ${header.type} has content`);
  }
  let used = false;
  return {
    name: nameOf(header, meta, position),
    kind,
    type: isSparse ? "SparseFile" : header.type,
    size,
    position,
    content() {
      if (used || cursor.position !== position) throw new Error("content is read once, in order");
      used = true;
      return cursor.bytes(size);
    },
  };
}

function nameOf(header: Header, { pax, longName }: Meta, position: number): string {
  if (pax?.path !== undefined && longName !== undefined) {
    throw damaged(position, "an entry has two long names");
  }
  return pax?.path ?? longName ?? header.path ?? "";
}

/** Two sizes that differ make two readers see two archives (CVE-2025-62518). */
function sizeOf(header: Header, pax: PaxMeta | undefined, position: number): number {
  const size = header.size ?? 0;
  if (pax?.size === undefined || pax.size === size) return size;
  // Directories have no content whatever they say, and ustar cannot say more than so much.
  if (header.type !== "Directory" && pax.size > MAX_USTAR_SIZE) return pax.size;
  throw damaged(position, `an entry has ${pax.size} bytes and ${size} bytes at once`);
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
async function readEnd(cursor: Cursor, { pax, longName }: Meta): Promise<void> {
  const start = cursor.position;
  if (pax !== undefined || longName !== undefined) {
    throw damaged(start, "a header describes an entry that does not come");
  }
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

const ZEROS = Buffer.alloc(TAIL_STEP);

/** For up to `TAIL_STEP` bytes. */
function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length));
}

function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}
