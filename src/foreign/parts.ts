import { append } from "../content/append.ts";
import {
  isFirstNoPiece,
  joining,
  nameOfPart,
  partOf,
  type Part,
} from "../archive/parts/part-name.ts";
import type { Finding } from "../finding.ts";

/** Files of one tree that are parts of something that somebody has cut. */
export interface PartsFound {
  readonly parts: readonly string[];
  /** The first of each set that can be read as one, where it lies. */
  readonly readable: readonly string[];
  /** Why the others cannot. */
  readonly findings: readonly Finding[];
}

/**
 * Says which of these files are parts. Those that lie on the disk can be read as one; of others it is
 * said how to join them. One file that may be the first of several is left to whoever opens it.
 */
export function partsAmong(
  paths: readonly string[],
  { isOnDisk }: { isOnDisk: boolean },
): PartsFound {
  const sets = new Map<string, { path: string; part: Part }[]>();
  for (const path of paths) {
    const part = partOf(path);
    if (part === undefined) continue;
    const set = sets.get(part.whole);
    if (set === undefined) sets.set(part.whole, [{ path, part }]);
    else set.push({ path, part });
  }
  const parts: string[] = [];
  const readable: string[] = [];
  const findings: Finding[] = [];
  for (const set of sets.values()) {
    const [first, ...others] = set.map(({ part }) => part);
    if (first === undefined || (others.length === 0 && first.number <= 1)) continue;
    append(
      parts,
      set.map(({ path }) => path),
    );
    const [one] = set;
    if (paths.includes(first.whole)) findings.push(joined(first));
    else if (isOnDisk && one !== undefined) readable.push(one.path);
    else findings.push(apart([first, ...others]));
  }
  return { parts, readable, findings };
}

/** Somebody has joined them already. */
function joined({ whole }: Part): Finding {
  const message = `${whole} lies beside the parts that it was cut into`;
  const hint = `Name ${whole} itself.`;
  return { code: "PARTS_APART", severity: "error", entry: whole, message, hint };
}

function apart([first, ...others]: readonly [Part, ...Part[]]): Finding {
  const { whole } = first;
  const base = { severity: "error", entry: whole } as const;
  const numbers = new Set([first, ...others].map(({ number }) => number));
  const lost = lostOf(numbers, isFirstNoPiece(first));
  if (lost !== undefined) {
    const name = nameOfPart(first, lost);
    const message = `${name} is missing: ${whole} was cut into parts, and the others are there`;
    const hint = "Copy it to the others, and compare all sizes.";
    return { ...base, code: "PART_MISSING", entry: name, message, hint };
  }
  const message = `${whole} was cut into parts, which lie in an archive and have to be joined first`;
  const hint = `Unpack the archive, join them, and name what comes of it: ${joining(first)}.`;
  return { ...base, code: "PARTS_APART", message, hint };
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
