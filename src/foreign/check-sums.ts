import { createHash } from "node:crypto";
import type { ContentOptions } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import { linesOf } from "../bundle/sums.ts";
import type { Finding } from "../finding.ts";
import { readWhole, type FileTree, type ForeignFile } from "./file-tree.ts";

/** A list of sums that somebody else has made, and what it has to say. */
export interface ListedFiles {
  /** Its path. */
  readonly list: string;
  /** Its own SHA-256, where another document says it. */
  readonly sum: string | undefined;
  readonly unlisted: ReadonlySet<string>;
  /** True for what need not be read to be checked against the list. */
  readonly isCheckedElsewhere: (path: string, sum: string) => boolean;
}

const MAX_LIST_BYTES = 64 * 1024 * 1024;
const LINE = /^([a-f0-9]{64}) [ *]?(.+)$/;

/** Compares the files below `at` with the list: none missing, none extra, none altered. */
export async function checkListed(
  tree: FileTree,
  at: string,
  { listed, signal }: ContentOptions & { listed: ListedFiles },
): Promise<Finding[]> {
  const place = tree.place(at + listed.list);
  const raw = await readWhole(tree.follow(at + listed.list), MAX_LIST_BYTES);
  const found = createHash("sha256").update(raw).digest("hex");
  const findings: Finding[] = [];
  if (listed.sum !== undefined && listed.sum !== found) {
    findings.push(altered(place, listed.sum, found));
  }
  const sums = parse(raw.toString("utf8"), place);
  for (const [path, sum] of sums) {
    signal?.throwIfAborted();
    const file = tree.files.get(at + path);
    if (file === undefined) findings.push(missing(tree.place(at + path), place));
    else if (!listed.isCheckedElsewhere(path, sum)) {
      const actual = await sumOf(file);
      if (actual !== sum) findings.push(altered(file.path, sum, actual));
    }
  }
  for (const path of tree.below(at)) {
    const name = path.slice(at.length);
    if (!sums.has(name) && !listed.unlisted.has(name)) {
      findings.push(extra(tree.place(path), place));
    }
  }
  return findings;
}

function parse(text: string, place: string): Map<string, string> {
  const sums = new Map<string, string>();
  let number = 0;
  for (const ended of linesOf(text)) {
    number++;
    const line = ended.replace(/\r$/, "");
    if (line === "") continue;
    const [, sum, path] = LINE.exec(line) ?? [];
    if (sum === undefined || path === undefined || sums.has(path)) {
      throw new DrayError(
        "DRAY_SUMS_INVALID",
        `Cannot read ${JSON.stringify(place)}: line ${number} is not "SUM PATH", or its path stands twice`,
        { kind: "refused" },
      );
    }
    sums.set(path, sum);
  }
  return sums;
}

async function sumOf(file: ForeignFile): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of file.read()) hash.update(piece);
  return hash.digest("hex");
}

function altered(path: string, wanted: string, found: string): Finding {
  return {
    code: "ENTRY_ALTERED",
    severity: "error",
    entry: path,
    message: `${path} was changed: its sum is not the one that the package lists`,
    wanted,
    found,
  };
}

function missing(path: string, list: string): Finding {
  const message = `${path} is missing: ${list} names it`;
  return { code: "ENTRY_MISSING", severity: "error", entry: path, message };
}

function extra(path: string, list: string): Finding {
  const message = `${path} is not in ${list}: it was added after the package was made`;
  return { code: "ENTRY_EXTRA", severity: "error", entry: path, message };
}
