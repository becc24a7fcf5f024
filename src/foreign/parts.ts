import { basename } from "node:path";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";

/** Zarf cuts into `NAME.part001` and so on, and says in `NAME.part000` how many there are. */
const ZARF_PART = /^(.+)\.part(\d{3})$/;

/** Hauler cuts into `NAME.tar.zst.001` and so on. */
const HAULER_PART = /^(.+\.tar\.zst)\.(\d{3})$/;

interface Part {
  /** What it is a part of. */
  readonly whole: string;
  readonly number: number;
  readonly isZarf: boolean;
}

function partOf(path: string): Part | undefined {
  const [, zarf, first] = ZARF_PART.exec(path) ?? [];
  if (zarf !== undefined) return { whole: zarf, number: Number(first), isZarf: true };
  const [, haul, second] = HAULER_PART.exec(path) ?? [];
  return haul === undefined ? undefined : { whole: haul, number: Number(second), isZarf: false };
}

/** Says which of these files are parts of something that somebody has cut, and how to join them. */
export function partsAmong(paths: readonly string[]): { parts: string[]; findings: Finding[] } {
  const sets = new Map<string, Part[]>();
  const parts: string[] = [];
  for (const path of paths) {
    const part = partOf(path);
    if (part === undefined) continue;
    parts.push(path);
    sets.set(part.whole, [...(sets.get(part.whole) ?? []), part]);
  }
  return { parts, findings: [...sets].map(([whole, found]) => apart(whole, found)) };
}

function apart(whole: string, found: readonly Part[]): Finding {
  const isZarf = found.some((part) => part.isZarf);
  const numbers = found.map(({ number }) => number).filter((number) => number > 0);
  const last = Math.max(1, ...numbers);
  const lost = Array.from({ length: last }, (_, index) => index + 1).find(
    (number) => !numbers.includes(number),
  );
  if (lost !== undefined) {
    const name = `${whole}${isZarf ? ".part" : "."}${String(lost).padStart(3, "0")}`;
    const message = `${name} is missing: ${whole} was cut into parts, and the others are there`;
    return { code: "PART_MISSING", severity: "error", entry: name, message };
  }
  return {
    code: "PARTS_APART",
    severity: "error",
    entry: whole,
    message: `${whole} was cut into parts and has to be joined first`,
    hint: joining(basename(whole), isZarf),
  };
}

/** One part, named alone, cannot be read, whatever went wrong with it. */
export function explainPart(path: string, error: unknown): unknown {
  const name = basename(path);
  const part = partOf(name);
  const isRefusal = error instanceof DrayError && error.kind === "refused";
  if (part === undefined || !isRefusal) return error;
  return new DrayError(
    "DRAY_PART_ALONE",
    `Cannot open ${JSON.stringify(path)}: expected a bundle, found a part of ${JSON.stringify(part.whole)}`,
    { kind: "refused", hint: joining(part.whole, part.isZarf), cause: error },
  );
}

/** The first file of Zarf describes the others and is no part of the whole. */
function joining(whole: string, isZarf: boolean): string {
  const line = isZarf
    ? `ls '${whole}'.part??? | tail -n +2 | xargs -d '\\n' cat > '${whole}'`
    : `cat '${whole}'.??? > '${whole}'`;
  return `Join all parts in their folder: ${line}`;
}
