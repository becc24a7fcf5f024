import { append } from "../append.ts";
import { isFirstNoPiece, joining, nameOfPart, partOf, type Part } from "../archive/parts.ts";
import type { Finding } from "../finding.ts";

/** Files of one tree that are parts of something that somebody has cut. */
export interface PartsFound {
  readonly parts: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Says which of these files are parts, and how to join them; `directory` is where they lie on the disk,
 * if they do. One file that may be the first of several is left to whoever opens it.
 */
export function partsAmong(paths: readonly string[], directory: string | undefined): PartsFound {
  const sets = new Map<string, { path: string; part: Part }[]>();
  for (const path of paths) {
    const part = partOf(path);
    if (part === undefined) continue;
    const set = sets.get(part.whole);
    if (set === undefined) sets.set(part.whole, [{ path, part }]);
    else set.push({ path, part });
  }
  const parts: string[] = [];
  const findings: Finding[] = [];
  for (const set of sets.values()) {
    const [first, ...others] = set.map(({ part }) => part);
    if (first === undefined || (others.length === 0 && first.number <= 1)) continue;
    append(
      parts,
      set.map(({ path }) => path),
    );
    findings.push(
      apart([first, ...others], { directory, isWholeThere: paths.includes(first.whole) }),
    );
  }
  return { parts, findings };
}

interface Surroundings {
  readonly directory: string | undefined;
  /** Somebody has joined them already. */
  readonly isWholeThere: boolean;
}

function apart(
  [first, ...others]: readonly [Part, ...Part[]],
  { directory, isWholeThere }: Surroundings,
): Finding {
  const { whole } = first;
  const base = { severity: "error", entry: whole } as const;
  if (isWholeThere) {
    const message = `${whole} lies beside the parts that it was cut into`;
    return { ...base, code: "PARTS_APART", message, hint: `Name ${whole} itself.` };
  }
  const numbers = new Set([first, ...others].map(({ number }) => number));
  const lost = lostOf(numbers, isFirstNoPiece(first));
  if (lost !== undefined) {
    const name = nameOfPart(first, lost);
    const message = `${name} is missing: ${whole} was cut into parts, and the others are there`;
    const hint = "Copy it to the others, and compare all sizes.";
    return { ...base, code: "PART_MISSING", entry: name, message, hint };
  }
  const message = `${whole} was cut into parts and has to be joined first`;
  return { ...base, code: "PARTS_APART", message, hint: joining(first, directory) };
}

/** The first number of a set that is not there; nobody knows of what is behind the last. */
function lostOf(numbers: ReadonlySet<number>, isFirstNone: boolean): number | undefined {
  const start = numbers.has(0) && !isFirstNone ? 0 : 1;
  const last = [...numbers].reduce((most, number) => Math.max(most, number), 0);
  for (let number = start; number < last; number++) {
    if (!numbers.has(number)) return number;
  }
  return undefined;
}
