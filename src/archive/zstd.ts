import { Decompress } from "fzstd";
import xxhash, { type XXHash } from "xxhash-wasm";
import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import { StreamCursor } from "./cursor.ts";

/** RFC 8878 §3.1.1 and §3.1.2: the last four bits of a skippable frame's magic are free. */
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** What every decoder is to support, and all that `zstd` uses up to level 19. RFC 8878 §3.1.1.1.2 */
const MAX_WINDOW = 8 * 1024 * 1024;

/** No block is larger, compressed or not. RFC 8878 §3.1.1.2.4 */
const MAX_BLOCK = 128 * 1024;

/**
 * All frames of a zstd stream, each compared with its checksum where it has one.
 * @throws DrayError `DRAY_ZSTD_DAMAGED`, `DRAY_ARCHIVE_UNSUPPORTED`
 */
export async function* unzstd(source: Bytes, what: string): Bytes {
  const reader = new FrameReader(source, what);
  try {
    while (await reader.begin()) yield* reader.frame();
  } finally {
    await reader.close();
  }
}

let hashing: ReturnType<typeof xxhash> | undefined;

async function newChecksum(): Promise<XXHash<bigint>> {
  hashing ??= xxhash();
  return (await hashing).create64();
}

/** Goes from block to block, so that the decoder never holds more than a window and a block. */
class FrameReader {
  readonly #cursor: StreamCursor;
  readonly #what: string;

  constructor(source: Bytes, what: string) {
    this.#cursor = new StreamCursor(source);
    this.#what = what;
  }

  close(): Promise<void> {
    return this.#cursor.close();
  }

  /** Goes to the content of the next frame; false at the end. */
  async begin(): Promise<boolean> {
    for (;;) {
      const magic = await this.#cursor.take(4);
      if (magic.length === 0) return false;
      if (magic.length < 4) throw this.#damaged("it ends inside a frame");
      const value = magic.readUInt32LE();
      if (value === FRAME_MAGIC) return true;
      if ((value & 0xfffffff0) >>> 0 !== SKIPPABLE_MAGIC) {
        throw this.#damaged("there is something that is no frame");
      }
      await this.#skip((await this.#take(4)).readUInt32LE());
    }
  }

  async *frame(): Bytes {
    const pieces: Uint8Array[] = [];
    const decoder = new Decompress((piece) => pieces.push(piece));
    const { header, hasChecksum } = await this.#header();
    const checksum = hasChecksum ? await newChecksum() : undefined;
    this.#push(decoder, header, false);
    for (let isLast = false; !isLast;) {
      const block = await this.#block();
      isLast = block.isLast;
      this.#push(decoder, block.bytes, isLast);
      for (const piece of pieces.splice(0)) {
        checksum?.update(piece);
        yield piece;
      }
    }
    if (checksum !== undefined) await this.#compare(checksum);
  }

  /** The lower half of the content's XXH64. RFC 8878 §3.1.1 */
  async #compare(checksum: XXHash<bigint>): Promise<void> {
    const stated = (await this.#take(4)).readUInt32LE();
    if (BigInt.asUintN(32, checksum.digest()) === BigInt(stated)) return;
    throw this.#damaged("its content does not have the checksum that it states");
  }

  /** RFC 8878 §3.1.1.1 */
  async #header(): Promise<{ header: Buffer; hasChecksum: boolean }> {
    const descriptor = (await this.#take(1)).readUInt8();
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    const windowBytes = isSingleSegment ? 0 : 1;
    const rest = await this.#take(windowBytes + dictionaryBytes + sizeBytes);
    if (rest.subarray(windowBytes, windowBytes + dictionaryBytes).some((byte) => byte !== 0)) {
      throw this.#unsupported("a dictionary");
    }
    const window = isSingleSegment
      ? statedSize(rest.subarray(dictionaryBytes))
      : windowSize(rest.readUInt8());
    if (window > MAX_WINDOW) throw this.#unsupported(`a window of ${window} bytes`);
    const magic = Buffer.alloc(4);
    magic.writeUInt32LE(FRAME_MAGIC);
    const hasChecksum = (descriptor & 4) !== 0;
    // The decoder is to expect no checksum: whether one comes is known here.
    const flags = Buffer.of(descriptor & ~4);
    return { header: Buffer.concat([magic, flags, rest]), hasChecksum };
  }

  async #block(): Promise<{ bytes: Buffer; isLast: boolean }> {
    const header = await this.#take(3);
    const value = header.readUIntLE(0, 3);
    const size = value >>> 3;
    if (size > MAX_BLOCK) throw this.#damaged(`a block of ${size} bytes is too large`);
    const isRepeated = ((value >> 1) & 3) === 1;
    const content = await this.#take(isRepeated ? 1 : size);
    return { bytes: Buffer.concat([header, content]), isLast: (value & 1) === 1 };
  }

  #push(decoder: Decompress, bytes: Buffer, isLast: boolean): void {
    try {
      decoder.push(bytes, isLast);
    } catch (cause) {
      throw this.#damaged("its compressed data do not hold", cause);
    }
  }

  async #take(length: number): Promise<Buffer> {
    const bytes = await this.#cursor.take(length);
    if (bytes.length < length) throw this.#damaged("it ends inside a frame");
    return bytes;
  }

  async #skip(length: number): Promise<void> {
    try {
      await this.#cursor.skip(length);
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      throw this.#damaged("it ends inside a frame");
    }
  }

  #damaged(reason: string, cause?: unknown): DrayError {
    return new DrayError("DRAY_ZSTD_DAMAGED", `Cannot decompress ${this.#what}: ${reason}`, {
      kind: "refused",
      cause,
      hint: "The file was cut or changed on the way. Copy it again.",
    });
  }

  #unsupported(found: string): DrayError {
    return new DrayError(
      "DRAY_ARCHIVE_UNSUPPORTED",
      `Cannot decompress ${this.#what}: expected a window of at most ${MAX_WINDOW} bytes and no dictionary, found ${found}`,
      { kind: "refused", hint: "Decompress it with `zstd -d --long=31` first." },
    );
  }
}

/** RFC 8878 §3.1.1.1.2 */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** RFC 8878 §3.1.1.1.4 */
function statedSize(bytes: Buffer): number {
  if (bytes.length === 8) return Number(bytes.readBigUInt64LE());
  return bytes.readUIntLE(0, bytes.length) + (bytes.length === 2 ? 256 : 0);
}
