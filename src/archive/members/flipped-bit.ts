/** CRC-32 as gzip has it (RFC 1952 §8): what one byte adds, and which byte has added a high byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => remainder(byte));
const BY_HIGH_BYTE = Uint8Array.from({ length: 256 });
for (const [byte, value] of TABLE.entries()) BY_HIGH_BYTE[value >>> 24] = byte;

function remainder(byte: number): number {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) * 0xedb88320);
  return value >>> 0;
}

export interface Checksums {
  /** CRC-32 of the content as it was written. */
  readonly stated: number;
  /** CRC-32 of the content as it is. */
  readonly found: number;
  /** Bytes of content. */
  readonly length: number;
}

/**
 * The byte of the content in which a single flipped bit explains the other checksum; undefined where
 * none does. Below 512 MiB a checksum tells every such bit from all others.
 */
export function flippedByte({ stated, found, length }: Checksums): number | undefined {
  let register = (stated ^ found) >>> 0;
  for (let at = length - 1; at >= 0; at--) {
    register = before(register);
    // What goes into the register with a byte is that byte alone.
    if (register < 256 && isPowerOfTwo(register)) return at;
  }
  return undefined;
}

/** The register as it was one byte earlier. */
function before(register: number): number {
  const byte = BY_HIGH_BYTE[register >>> 24] ?? 0;
  return (((register ^ (TABLE[byte] ?? 0)) << 8) | byte) >>> 0;
}

function isPowerOfTwo(value: number): boolean {
  return value !== 0 && (value & (value - 1)) === 0;
}
