import { basename } from "node:path";
import { sumOfFile } from "./choose-copy.ts";
import { nameOfPart } from "./part-name.ts";
import type { PartSet, Piece } from "./part-set.ts";

/**
 * The parts in the order that the list of their sums proves, whatever they are called. Those that it
 * does not know are damaged, and take the places that are left. Reads all of them.
 */
export async function listedOrder({ pieces, part, sums }: PartSet): Promise<readonly Piece[]> {
  if (sums === undefined) return pieces;
  const bySum = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const sum = await sumOfFile(piece);
    bySum.set(sum, [...(bySum.get(sum) ?? []), piece]);
  }
  const left = new Set(pieces);
  const take = (fitting: readonly Piece[], number: number): Piece | undefined => {
    const free = fitting.filter((piece) => left.has(piece));
    // Parts of nothing but zeros are all alike.
    const taken = free.find((piece) => piece.number === number) ?? free[0];
    if (taken !== undefined) left.delete(taken);
    return taken;
  };
  const proven = pieces.map(({ number }) =>
    take(bySum.get(sums.of(basename(nameOfPart(part, number))) ?? "") ?? [], number),
  );
  return proven.flatMap((piece, index) => {
    const taken = piece ?? take([...left], pieces[index]?.number ?? 0);
    return taken === undefined ? [] : [taken];
  });
}
