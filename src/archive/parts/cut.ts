import { DrayError } from "../../errors.ts";
import { nameOfPart, partOf, type Part } from "./part-name.ts";

/** One part that is to be cut from a whole. */
export interface Cut {
  readonly number: number;
  readonly name: string;
  /** Where it begins in the whole. */
  readonly start: number;
  readonly size: number;
}

/** More has no name that tells its place. */
const MAX_PARTS = 9999;

/** Three digits are what others write and know. */
const DIGITS = 3;

/**
 * How `whole` is cut: plain cuts, which any program joins, called `WHOLE.001` and so on; what fits in one
 * piece keeps its name.
 */
export function cuts(whole: string, total: number, size: number): readonly Cut[] {
  if (total <= size) return [{ number: 1, name: whole, start: 0, size: total }];
  const count = Math.ceil(total / size);
  if (count > MAX_PARTS) {
    throw new DrayError(
      "DRAY_USAGE",
      `Cannot split ${JSON.stringify(whole)} into ${count} parts of ${size} bytes: expected at most ${MAX_PARTS}`,
      { kind: "usage", hint: "Name a larger --size." },
    );
  }
  const named = partNamed(whole, Math.max(DIGITS, String(count).length));
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    name: nameOfPart(named, index + 1),
    start: index * size,
    size: Math.min(size, total - index * size),
  }));
}

/** A name by which the parts are known again, whatever the whole is called. */
function partNamed(whole: string, digits: number): Part {
  const place = "1".padStart(digits, "0");
  const usual = { whole, infix: ".", number: 1, place };
  return partOf(nameOfPart(usual, 1)) === undefined ? { ...usual, infix: ".part" } : usual;
}
