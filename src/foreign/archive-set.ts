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
  const numbers = paths.flatMap((path) => {
    const number = PART.exec(path)?.[2];
    return number === undefined ? [] : [Number(number)];
  });
  const last = Math.max(0, ...numbers);
  const missing = Array.from({ length: last }, (_, index) => index + 1).filter(
    (number) => !numbers.includes(number),
  );
  const [first] = missing;
  if (first === undefined) return [];
  const name = `mirror_${String(first).padStart(6, "0")}.tar`;
  const message = `${name} is missing from a set of ${last} archives${missing.length > 1 ? `, with ${missing.length - 1} more` : ""}`;
  return [{ code: "PART_MISSING", severity: "error", entry: name, message }];
}
