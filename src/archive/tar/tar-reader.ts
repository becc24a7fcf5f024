import { DrayError } from "../../errors.ts";
import type { RawEntry } from "../archive.ts";
import { truncated, type Cursor } from "../cursor.ts";
import { damaged, decodeHeader, TAR_BLOCK, type TarHeader } from "./tar-header.ts";
import { isZero, MAX_ZEROS, padded, readPadding, TarMeta } from "./tar-meta.ts";
import { HARD_LINK_TYPE, SPARSE_TYPE, typeOf } from "./tar-types.ts";

/** Zeros that tar programs put behind the end marker: one record, which is 10 KiB by default. */
const MAX_TAIL = 1024 * 1024;

/** Two blocks of zeros end a tar. */
const END_BYTES = 2 * TAR_BLOCK;

/** The last byte in use of a block that a sparse map goes on in says whether there is another. */
const MORE_SPARSE_AT = 504;
/** A map of so many blocks describes more holes than any file has. */
const MAX_SPARSE_BLOCKS = 100_000;

/**
 * The entries of a tar in order, over any carrier, as GNU tar, bsdtar and the libraries of Go and
 * Python agree to read them. Stricter than these: the end marker, zeros after it, and PAX records
 * that agree with the headers are required.
 *
 * @throws DrayError `DRAY_ARCHIVE_DAMAGED`, `DRAY_ARCHIVE_TRUNCATED`
 */
export async function* readTar(cursor: Cursor): AsyncGenerator<RawEntry, void, undefined> {
  let meta = new TarMeta();
  for (;;) {
    const start = cursor.position;
    const block = await cursor.take(TAR_BLOCK);
    if (block.length === 0) throw noEnd(start, 0);
    if (block.length < TAR_BLOCK) throw truncated(cursor.position);
    if (isZero(block)) return readEnd(cursor, meta);
    const header = decodeHeader(block, start);
    if (await meta.take(cursor, header)) continue;
    if (header.type === SPARSE_TYPE && header.hasMoreSparse) await passSparseMap(cursor);
    const entry = toEntry(cursor, header, meta);
    const end = entry.position + padded(entry.size);
    yield entry;
    if (cursor.position < entry.position + entry.size) {
      await cursor.skip(entry.position + entry.size - cursor.position);
    }
    await readPadding(cursor, end - cursor.position);
    meta = new TarMeta();
  }
}

async function passSparseMap(cursor: Cursor): Promise<void> {
  for (let blocks = 0; blocks < MAX_SPARSE_BLOCKS; blocks++) {
    const block = await cursor.take(TAR_BLOCK);
    if (block.length < TAR_BLOCK) throw truncated(cursor.position);
    if (block.readUInt8(MORE_SPARSE_AT) === 0) return;
  }
  throw damaged(cursor.position, `a sparse map has more than ${MAX_SPARSE_BLOCKS} blocks`);
}

function toEntry(cursor: Cursor, header: TarHeader, meta: TarMeta): RawEntry {
  const { position } = cursor;
  const name = meta.nameOf(header, position);
  const type = typeOf(meta.isSparse ? SPARSE_TYPE : header.type, name);
  const size = meta.sizeOf(header, position);
  // Only regular files carry content; a size on anything else would hide what follows.
  if (size > 0 && !mayHaveContent(header, type.kind)) {
    throw damaged(position, `a ${type.name} has content`);
  }
  let used = false;
  return {
    name,
    kind: type.kind,
    type: type.name,
    size,
    position,
    sameAs: header.type === HARD_LINK_TYPE ? meta.linkNameOf(header) : undefined,
    content() {
      if (used || cursor.position !== position) throw new Error("content is read once, in order");
      used = true;
      return cursor.bytes(size);
    },
  };
}

/** An incremental backup lists what is in a directory: that is passed over. */
function mayHaveContent({ type }: TarHeader, kind: RawEntry["kind"]): boolean {
  return kind === "file" || kind === "other" || type === "D";
}

/** After the first block of zeros: one more, then nothing but zeros, and not many. */
async function readEnd(cursor: Cursor, meta: TarMeta): Promise<void> {
  const start = cursor.position;
  if (meta.isPending) throw damaged(start, "a header describes an entry that does not come");
  for (;;) {
    const zeros = await cursor.take(MAX_ZEROS);
    if (!isZero(zeros)) throw damaged(start, "there is data after the end marker");
    const length = cursor.position - start;
    if (length > MAX_TAIL)
      throw damaged(start, `more than ${MAX_TAIL} bytes of zeros follow the end`);
    if (zeros.length === MAX_ZEROS) continue;
    if (length < TAR_BLOCK) throw noEnd(cursor.position, TAR_BLOCK + length);
    return;
  }
}
/** A tar that stops between two entries: cut there, or written without its end. */
function noEnd(position: number, found: number): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_TRUNCATED",
    `Cannot read the archive to its end: expected ${END_BYTES} zero bytes behind the last entry, found ${found} at the end of the tar, byte ${position}`,
    {
      kind: "refused",
      hint: "Copy the file again and compare the sizes. If it is as it was written, unpack it with `tar -xf` and name the directory.",
    },
  );
}
