import { truncated, type Cursor } from "../cursor.ts";
import { globalPaxProblem, parsePax, type PaxMeta } from "./pax.ts";
import { damaged, TAR_BLOCK, type TarHeader } from "./tar-header.ts";
import {
  GLOBAL_PAX_TYPE,
  LABEL_TYPE,
  LONG_LINK_TYPE,
  LONG_NAME_TYPE,
  PAX_TYPES,
  WITHOUT_CONTENT,
} from "./tar-types.ts";

/** Long names and PAX records beyond this are no honest file's. */
const MAX_META_BYTES = 64 * 1024;

/** Headers that only describe the next one: two or three come before a real entry. */
const MAX_META_HEADERS = 16;

/** From here on a ustar size field needs help from PAX or base-256. */
const MAX_USTAR_SIZE = 8 * 1024 ** 3 - 1;

/** What PAX and GNU headers say of the entry that follows them. */
export class TarMeta {
  #headers = 0;
  #pax: PaxMeta | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;

  /** Something was said of an entry that is still to come. */
  get isPending(): boolean {
    return this.#pax !== undefined || this.#longName !== undefined;
  }

  get isSparse(): boolean {
    return this.#pax?.isSparse === true;
  }

  /** Takes in a header that only describes the next one. False: `header` is an entry itself. */
  async take(cursor: Cursor, header: TarHeader): Promise<boolean> {
    const start = cursor.position;
    const { type } = header;
    if (PAX_TYPES.has(type)) this.#takePax(await readText(cursor, header), start);
    else if (type === GLOBAL_PAX_TYPE) checkGlobal(await readText(cursor, header), start);
    else if (type === LONG_NAME_TYPE) this.#takeName(await readText(cursor, header), start);
    else if (type === LONG_LINK_TYPE) this.#longLink = upToNul(await readText(cursor, header));
    else if (type === LABEL_TYPE) checkLabel(header, start);
    else return false;
    if (++this.#headers <= MAX_META_HEADERS) return true;
    throw damaged(start, `more than ${MAX_META_HEADERS} headers describe one entry`);
  }

  #takePax(bytes: Buffer, start: number): void {
    const pax = parsePax(bytes);
    if ("problem" in pax) throw damaged(start, pax.problem);
    if (this.#pax !== undefined) throw damaged(start, "an entry has two PAX headers");
    this.#pax = pax;
  }

  #takeName(bytes: Buffer, start: number): void {
    if (this.#longName !== undefined) throw damaged(start, "an entry has two long names");
    this.#longName = upToNul(bytes);
  }

  nameOf(header: TarHeader, position: number): string {
    if (this.#pax?.path !== undefined && this.#longName !== undefined) {
      throw damaged(position, "an entry has two long names");
    }
    return this.#pax?.path ?? this.#longName ?? header.name;
  }

  linkNameOf(header: TarHeader): string {
    return this.#pax?.linkPath ?? this.#longLink ?? header.linkName;
  }

  /** Two sizes that differ make two readers see two archives (CVE-2025-62518). */
  sizeOf({ type, size: stated }: TarHeader, position: number): number {
    const size = WITHOUT_CONTENT.has(type) ? 0 : stated;
    const said = this.#pax?.size;
    if (said === undefined || said === size) return size;
    // ustar cannot say more than so much.
    if (!WITHOUT_CONTENT.has(type) && said > MAX_USTAR_SIZE) return said;
    throw damaged(position, `an entry has ${said} bytes and ${size} bytes at once`);
  }
}

function checkGlobal(bytes: Buffer, start: number): void {
  const problem = globalPaxProblem(bytes);
  if (problem !== undefined) throw damaged(start, problem);
}

function checkLabel({ size }: TarHeader, start: number): void {
  if (size > 0) throw damaged(start, "the label of a volume has content");
}

function upToNul(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/\0.*$/s, "");
}

async function readText(cursor: Cursor, { size }: TarHeader): Promise<Buffer> {
  if (size > MAX_META_BYTES) {
    throw damaged(cursor.position, `a name record has ${size} bytes, more than ${MAX_META_BYTES}`);
  }
  const bytes = await cursor.take(size);
  if (bytes.length < size) throw truncated(cursor.position);
  await readPadding(cursor, padded(size) - size);
  return bytes;
}

/** Padding is zeros: nothing travels that no list names. */
export async function readPadding(cursor: Cursor, length: number): Promise<void> {
  if (length === 0) return;
  const start = cursor.position;
  const padding = await cursor.take(length);
  if (padding.length < length) throw truncated(cursor.position);
  if (!isZero(padding)) throw damaged(start, "there is data between two entries");
}

/** For one step through the end of a tar at most. */
export const MAX_ZEROS: number = 32 * 1024;
const ZEROS = Buffer.alloc(MAX_ZEROS);

/** For up to `MAX_ZEROS` bytes. */
export function isZero(bytes: Buffer): boolean {
  return bytes.equals(ZEROS.subarray(0, bytes.length));
}

export function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}
