import { DrayError } from "../../errors.ts";
import type { FileRange } from "../file-range.ts";

/** Beyond this a zip needs the Zip64 records, which the Finder does not write. */
const TURN = 2 ** 32;
const END_BYTES = 22;
const END_RECORD = 0x06054b50;

/**
 * True for a zip that the Finder made of more than 4 GiB: it counts its places from 0 again, so that
 * nothing in it lies where it says.
 */
export async function isFinderZip(range: FileRange): Promise<boolean> {
  if (range.size < TURN) return false;
  const end = await range.fill(range.size - END_BYTES, Buffer.alloc(END_BYTES));
  if (end.readUInt32LE(0) !== END_RECORD) return false;
  const stated = end.readUInt32LE(16);
  const real = range.size - END_BYTES - end.readUInt32LE(12);
  return stated !== TURN - 1 && stated !== real && (real - stated) % TURN === 0;
}

export function finderZip(what: string): DrayError {
  return new DrayError(
    "DRAY_ARCHIVE_UNSUPPORTED",
    `Cannot read the zip ${what}: expected places in the file, found them counted from 0 again after 4 GiB, as the Finder of macOS does`,
    {
      kind: "refused",
      hint: "Carry the bundle's own file instead of a zip of it, or pack it with `zip -r` in a terminal.",
    },
  );
}
