import { basename, dirname, join } from "node:path";
import { DrayError, shellWord } from "../errors.ts";
import { joiningZip } from "./known-file.ts";

/** A file whose name says that it is one piece of a larger one. */
export interface Part {
  /** What it is a piece of, by its path. */
  readonly whole: string;
  /** Its place among the pieces, from 0 or 1. */
  readonly number: number;
  /** What stands between the name of the whole and the number. */
  readonly infix: string;
  /** Characters of the number: all pieces have as many. */
  readonly digits: number;
}

/** `NAME.tar.gz.aa`, `NAME.tar.gz.part-00`, `NAME.zip.001`: split, its users, Hauler, 7z. */
const ARCHIVE_PART =
  /^(.+\.(?:tar\.[a-z0-9]{1,4}|tar|t[bgx]z2?|tzst|zip|7z|iso))([._-]?(?:part)?[._-]?)(\d{1,4}|a?[a-e][a-z])$/i;

/** Zarf cuts into `NAME.part001` and so on, whatever NAME is. */
const NUMBERED_PART = /^(.+)(\.part)(\d{3})$/;

/** Two letters that say how something is compressed, and count nothing. */
const COMPRESSION = /^(?:br|bz)$/i;

/** Undefined for a name that is no part's. */
export function partOf(path: string): Part | undefined {
  const [, whole, infix, place] = ARCHIVE_PART.exec(path) ?? NUMBERED_PART.exec(path) ?? [];
  if (whole === undefined || infix === undefined || place === undefined) return undefined;
  if (COMPRESSION.test(place)) return undefined;
  return { whole, infix, number: placeOf(place), digits: place.length };
}

/** `aa` is 0, `ab` is 1, as split counts. */
function placeOf(text: string): number {
  if (/^\d/.test(text)) return Number(text);
  const letters = Array.from(text.toLowerCase());
  return letters.reduce((sum, letter) => sum * 26 + (letter.codePointAt(0) ?? 0) - 97, 0);
}

/** The name that the piece `number` of the same whole has. */
export function nameOfPart({ whole, infix, digits }: Part, number: number): string {
  return `${whole}${infix}${String(number).padStart(digits, "0")}`;
}

/** In Zarf's sets number 0 describes the others and is no piece of the whole. */
export function isFirstNoPiece({ whole, infix, digits }: Part): boolean {
  return basename(whole).startsWith("zarf-") && infix === ".part" && digits === 3;
}

/** What to do about a part: `directory` is where the set lies, as far as that is known. */
export function joining(part: Part, directory?: string): string {
  const whole = directory === undefined ? basename(part.whole) : join(directory, part.whole);
  const pieces = `${shellWord(whole + part.infix)}${"?".repeat(part.digits)}`;
  const line = isFirstNoPiece(part)
    ? `(set -- ${pieces}; shift; cat "$@") > ${shellWord(whole)}`
    : `cat ${pieces} > ${shellWord(whole)}`;
  const place = directory === undefined ? " in their folder" : "";
  return `Join all parts${place}, in their order, and name what comes of it: \`${line}\`.`;
}

/** One part, named alone, cannot be read, whatever went wrong with it. */
export function explainPart(path: string, error: unknown): unknown {
  const isRefusal = error instanceof DrayError && error.kind === "refused";
  if (!isRefusal) return error;
  const part = partOf(basename(path));
  if (part !== undefined) return alone(path, part.whole, joining(part, dirname(path)));
  const last = path.replace(ZIP_PART, ".zip");
  return last === path ? error : alone(path, basename(last), joiningZip(last));
}

/** All parts of a zip but the last, which is called `.zip`. */
const ZIP_PART = /\.z\d{2,3}$/i;

function alone(path: string, whole: string, hint: string): DrayError {
  return new DrayError(
    "DRAY_PART_ALONE",
    `Cannot open ${JSON.stringify(path)}: expected a bundle, found a part of ${JSON.stringify(whole)}`,
    { kind: "refused", hint },
  );
}
