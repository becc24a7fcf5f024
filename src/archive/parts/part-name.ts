import { basename, join } from "node:path";
import { shellWord } from "../../errors.ts";

/** A file whose name says that it is one piece of a larger one. */
export interface Part {
  /** What it is a piece of, by its path. */
  readonly whole: string;
  /** Its place among the pieces, from 0 or 1. */
  readonly number: number;
  /** What stands between the name of the whole and the number. */
  readonly infix: string;
  /** The number as it stands there: all pieces have as many characters. */
  readonly place: string;
}

/** `NAME.tar.gz.001`, `NAME.tar.gz.aa`, `NAME.tar.gz.part-00`: dray and Hauler, split, its users. */
const ARCHIVE_PART =
  /^(.+\.(?:tar\.(?:gz|zstd?|bz2?|xz|lz4|lzma?|br|z)|tar|t[bgx]z2?|tzst|zip|7z|iso))([._-]?(?:part)?[._-]?)(\d{1,4}|a?[a-e][a-z])$/i;

/** Zarf cuts into `NAME.part001` and so on, whatever NAME is. */
const NUMBERED_PART = /^(.+)(\.part)(\d{3})$/i;

/** What a file system without long names makes of the first. */
const SHORT_PART = /^([^.]{1,6}~\d{1,3})(\.)(\d{3})$/;

/** Two letters that say how something is compressed, and count nothing. */
const COMPRESSION = /^(?:br|bz)$/i;

/** Undefined for a name that is no part's. */
export function partOf(path: string): Part | undefined {
  const [, whole, infix, place] =
    ARCHIVE_PART.exec(path) ?? NUMBERED_PART.exec(path) ?? SHORT_PART.exec(path) ?? [];
  if (whole === undefined || infix === undefined || place === undefined) return undefined;
  if (COMPRESSION.test(place)) return undefined;
  return { whole, infix, number: placeOf(place), place };
}

/** `aa` is 0, `ab` is 1, as split counts. */
function placeOf(text: string): number {
  if (/^\d/.test(text)) return Number(text);
  const letters = Array.from(text.toLowerCase());
  return letters.reduce((sum, letter) => sum * 26 + (letter.codePointAt(0) ?? 0) - 97, 0);
}

/** The name that the piece `number` of the same whole has. */
export function nameOfPart({ whole, infix, place }: Part, number: number): string {
  if (/^\d/.test(place)) return `${whole}${infix}${String(number).padStart(place.length, "0")}`;
  let letters = "";
  for (let rest = number; letters.length < place.length; rest = Math.floor(rest / 26)) {
    letters = String.fromCodePoint(97 + (rest % 26)) + letters;
  }
  return `${whole}${infix}${letters}`;
}

/** The same for all pieces of one whole, in whatever case a file system has put their names. */
export function familyOf({ whole, infix, place }: Part): string {
  const digits = /^\d/.test(place) ? "0" : "a";
  return `${basename(whole)}${infix}${digits.repeat(place.length)}`.toLowerCase();
}

/** True where number 0 describes the others and is no piece of the whole: in Zarf's sets. */
export function isFirstNoPiece({ whole, infix, place }: Part): boolean {
  return basename(whole).startsWith("zarf-") && infix === ".part" && place.length === 3;
}

/** A line that joins all parts; `directory` is where they lie, as far as that is known. */
export function joining(part: Part, directory?: string): string {
  const whole = directory === undefined ? basename(part.whole) : join(directory, part.whole);
  const pieces = `${shellWord(whole + part.infix)}${"?".repeat(part.place.length)}`;
  return isFirstNoPiece(part)
    ? `\`(set -- ${pieces}; shift; cat "$@") > ${shellWord(whole)}\``
    : `\`cat ${pieces} > ${shellWord(whole)}\``;
}
