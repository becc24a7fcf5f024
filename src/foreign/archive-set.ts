import type { Finding } from "../finding.ts";
import { FileTree } from "./file-tree.ts";
import type { OpenedTree } from "./open-tree.ts";

/** oc-mirror spreads what it has over several archives, each whole as a tar. */
const PART = /(^|\/)mirror_(\d{6})\.tar$/;

/** The set that an archive belongs to; most stand for themselves. */
export function setOf(path: string): string {
  return path.replace(PART, "$1mirror_*.tar");
}

/** The archives of a set as if they were one. The same file stands in several of them at most. */
export function joinTrees(trees: readonly OpenedTree[]): OpenedTree {
  const [first, ...others] = trees;
  if (first === undefined) throw new Error("a set has a part");
  if (others.length === 0) return first;
  return {
    tree: new FileTree({
      prefix: first.tree.prefix,
      files: new Map(trees.flatMap(({ tree }) => [...tree.files])),
      links: new Map(trees.flatMap(({ tree }) => [...tree.links])),
    }),
    findings: trees.flatMap(({ findings }) => findings),
    linkFindings: new Map(trees.flatMap(({ linkFindings }) => [...linkFindings])),
    stripped: trees.flatMap(({ stripped }) => stripped),
  };
}

/** Parts are numbered from 1 without a gap. */
export function missingParts(paths: readonly string[]): Finding[] {
  const numbers = new Set(
    paths.flatMap((path) => {
      const number = Number(PART.exec(path)?.[2] ?? 0);
      return number > 0 ? [number] : [];
    }),
  );
  const first = firstMissing(numbers);
  if (first === undefined) return [];
  const last = [...numbers].reduce((most, number) => Math.max(most, number), 0);
  const more = last - numbers.size - 1;
  const name = `mirror_${String(first).padStart(6, "0")}.tar`;
  const message = `${name} is missing from a set of ${last} archives${more > 0 ? `, with ${more} more` : ""}`;
  return [{ code: "PART_MISSING", severity: "error", entry: name, message }];
}

/** The first number from 1 on that is not there though a later one is. */
function firstMissing(numbers: ReadonlySet<number>): number | undefined {
  for (let number = 1, seen = 0; seen < numbers.size; number++) {
    if (!numbers.has(number)) return number;
    seen++;
  }
  return undefined;
}
