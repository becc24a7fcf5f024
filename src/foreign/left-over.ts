import { sniff } from "../archive/sniff.ts";
import { TAR_BLOCK } from "../archive/tar/tar-header.ts";
import { collect } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import type { FileTree } from "./file-tree.ts";

/** What nobody has made sense of. */
export interface LeftOver {
  /** Where files lie that are neither an image nor a chart. */
  readonly places: readonly string[];
  readonly findings: readonly Finding[];
}

/** A name that promises content which nobody has seen. */
const ARCHIVE_NAME = /\.(?:tar|tar\.[a-z0-9]+|t[bglx]z2?|tzst|zip|7z)$/i;

/**
 * Looks at what is left of a tree. What may be an image and could not be looked into is an error in
 * what the user has named, and a warning deeper inside, where all kinds of archives lie.
 */
export async function lookAtRest(
  tree: FileTree,
  { isInner }: { isInner: boolean },
): Promise<LeftOver> {
  const findings: Finding[] = [];
  const places: string[] = [];
  for (const path of tree.unclaimed()) {
    const file = tree.files.get(path);
    if (file === undefined || !ARCHIVE_NAME.test(path)) places.push(tree.place(path));
    else {
      const head = await collect(file.read({ length: Math.min(TAR_BLOCK, file.size) }));
      const found = sniff(head) ?? (file.size === 0 ? "an empty file" : "something else");
      findings.push(unread(tree.place(path), found, isInner ? "warning" : "error"));
    }
  }
  return { places, findings };
}

function unread(place: string, found: string, severity: Finding["severity"]): Finding {
  return {
    code: "ARCHIVE_UNREAD",
    severity,
    entry: place,
    message: `${place} is left out unread: expected a tar, gzip, zstd or zip as its name says, found ${found}`,
    hint: "Decompress it or get it again, or leave it out, if there is no image in it.",
  };
}

/** One note for all files that are neither. */
export function leftOut(places: readonly string[]): Finding[] {
  const [first] = places;
  if (first === undefined) return [];
  const more = places.length === 1 ? "" : ` and ${places.length - 1} more files`;
  const verb = places.length === 1 ? "is" : "are";
  const message = `${first}${more} ${verb} no image and no chart, and ${verb} left out`;
  return [{ code: "FILE_LEFT_OUT", severity: "info", entry: first, message }];
}
