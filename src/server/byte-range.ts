/** Both ends are included, as in the header. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const SINGLE_RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * Reads a `Range` header for content of `size` bytes. Undefined: send everything, as for several
 * ranges at once, which no client of a registry needs.
 * https://www.rfc-editor.org/rfc/rfc9110.html#name-range-requests
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = SINGLE_RANGE.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  const range =
    first === ""
      ? { start: Math.max(0, size - Number(last)), end: size - 1 }
      : { start: Number(first), end: Math.min(last === "" ? size : Number(last), size - 1) };
  return range.start > range.end ? "unsatisfiable" : range;
}

const CHUNK_RANGE = /^(\d{1,15})-(\d{1,15})$/;

/** Reads the `Content-Range` of a chunk; undefined if it is not one. */
export function parseChunkRange(header: string): ByteRange | undefined {
  const [, start, end] = CHUNK_RANGE.exec(header) ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), end: Number(end) };
}
