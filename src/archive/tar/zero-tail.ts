import { DrayError } from "../../errors.ts";
import { READ_BYTES, type FilePiece, type FileRange } from "../file-range.ts";
import { withPieces } from "../parts/several-files.ts";

/** Fewer zeros are nothing special: tar programs end in a record of up to 32 KiB of them. */
const TELLING_ZEROS = 64 * 1024;

/**
 * What to say of a file that has its size and not its end: a copy that broke off after the room for
 * it was set aside. Undefined for any other file.
 */
export async function zeroTail(file: FileRange): Promise<DrayError | undefined> {
  const start = await zerosFrom(file);
  if (file.size - start < TELLING_ZEROS) return undefined;
  return new DrayError(
    "DRAY_FILE_ZEROED",
    `Cannot read the file to its end: from byte ${start} on there are only zeros, ${file.size - start} of them`,
    {
      kind: "refused",
      hint: "The copy broke off. Copy the file again, and eject the medium before it is pulled.",
    },
  );
}

/** The same of a file, or of several as one. */
export function zeroTailOf(pieces: readonly FilePiece[]): Promise<DrayError | undefined> {
  return withPieces(pieces, zeroTail);
}

async function zerosFrom(file: FileRange): Promise<number> {
  for (let end = file.size; end > 0; end -= READ_BYTES) {
    const start = Math.max(0, end - READ_BYTES);
    const piece = await file.fill(start, Buffer.allocUnsafeSlow(end - start));
    const last = piece.findLastIndex((byte) => byte !== 0);
    if (last !== -1) return start + last + 1;
  }
  return 0;
}
