import { createHash } from "node:crypto";
import { basename } from "node:path";
import { DrayError } from "../../errors.ts";
import { memoryInTurn, type FilePiece } from "../file-range.ts";
import type { Piece } from "./part-set.ts";
import type { PartSums } from "./part-sums.ts";
import { withPieces } from "./several-files.ts";

/** SHA-256 of a file, in hexadecimal. */
export function sumOfFile(file: FilePiece): Promise<string> {
  return sumOfFiles([file]);
}

/** SHA-256 of several files as one, in hexadecimal. */
export function sumOfFiles(files: readonly FilePiece[]): Promise<string> {
  return withPieces(files, async (range) => {
    const hash = createHash("sha256");
    for await (const piece of range.read(0, range.size, { memory: memoryInTurn() }))
      hash.update(piece);
    return hash.digest("hex");
  });
}

/**
 * The one to read where a part lies in several places: the one that its sum is of, or any where they
 * are alike. @throws DrayError `DRAY_PARTS_MIXED`
 */
export async function chooseCopy(
  copies: readonly Piece[],
  sums: PartSums | undefined,
): Promise<Piece | undefined> {
  const [first, ...others] = copies;
  if (first === undefined || others.length === 0) return first;
  const wanted = sums?.of(basename(first.path));
  let sum: string | undefined;
  for (const copy of copies) {
    const found = await sumOfFile(copy);
    if (found === wanted) return copy;
    if (wanted === undefined && sum !== undefined && sum !== found) throw mixed(first, copy);
    sum = found;
  }
  return first;
}

function mixed(one: Piece, other: Piece): DrayError {
  return new DrayError(
    "DRAY_PARTS_MIXED",
    `Cannot tell which part ${one.number} is meant: ${JSON.stringify(one.path)} and ${JSON.stringify(other.path)} have the same name and are not alike`,
    {
      kind: "refused",
      hint: "Take one of them away: one is damaged, or they are of two bundles.",
    },
  );
}
