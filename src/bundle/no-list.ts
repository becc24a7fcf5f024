import { join } from "node:path";
import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { INDEX_FILE, LAYOUT_FILE } from "../oci/image-layout.ts";
import { CONTENTS_FILE, SIGSTORE_FILE, SUMS_FILE } from "./format.ts";

/** More folders than these say no more. */
const MAX_NAMED = 5;

type Entries = ReadonlyMap<string, Entry>;

interface Places {
  /** Folders that hold a list each, none of them alone. */
  readonly folders: readonly string[];
  /** Where all of it lies, unless that is an archive. */
  readonly directory: string | undefined;
}

/** Says why there is no list of sums to go by. */
export function noList(entries: Entries, { folders, directory }: Places): Finding {
  const [only] = folders;
  if (folders.length > 1) return several(folders, directory);
  if (only !== undefined) return beside(only, { entries, directory });
  const base = { code: "SUMS_MISSING", severity: "error", entry: SUMS_FILE } as const;
  const message = `${SUMS_FILE} is missing: this is no bundle, or its list of contents was lost`;
  return { ...base, message, hint: ACCIDENTS.find(({ leaves }) => leaves(entries))?.hint ?? NAMED };
}

function several(folders: readonly string[], directory: string | undefined): Finding {
  const named = folders.slice(0, MAX_NAMED).map((folder) => JSON.stringify(folder));
  const more = folders.length > MAX_NAMED ? ` and ${folders.length - MAX_NAMED} more` : "";
  return {
    code: "BUNDLES_SEVERAL",
    severity: "error",
    message: `Expected one bundle, found ${folders.length}: in ${named.join(", ")}${more}`,
    hint: naming(folders.slice(0, MAX_NAMED), directory),
  };
}

function beside(
  folder: string,
  { entries, directory }: { entries: Entries; directory: string | undefined },
): Finding {
  const archives = [...entries.keys()]
    .filter((path) => ARCHIVE_NAME.test(path))
    .slice(0, MAX_NAMED);
  const others =
    archives.length === 0
      ? "with other files beside that folder"
      : `and beside that folder lies ${archives.map((path) => JSON.stringify(path)).join(", ")}`;
  return {
    code: "SUMS_MISSING",
    severity: "error",
    entry: SUMS_FILE,
    message: `${SUMS_FILE} is missing at the top: there is one in ${JSON.stringify(folder)}, ${others}`,
    hint: naming([...archives, folder], directory),
  };
}

/** A bundle's own archive, at the top, beside what was unpacked of it. */
const ARCHIVE_NAME = /^[^/]+\.(?:tar|tar\.[a-z0-9]+|tgz|tzst|zip)$/i;

/** Which of several things to name, by paths that can be named. */
function naming(names: readonly string[], directory: string | undefined): string {
  const paths = names.map((name) => `\`${join(directory ?? "", name).replace(/[/\\]$/, "")}\``);
  const what = names.length === 1 ? "Name it alone" : "Name one of them";
  return `${directory === undefined ? "Unpack the archive first. " : ""}${what}: ${paths.join(" or ")}.`;
}

/** What to do where nothing says what this was. */
const NAMED =
  "Is the path right? A bundle is the file that `dray pack` has written, or its parts in a directory; foreign archives that are read are listed in docs/foreign-bundles.md.";

/** What is left after known accidents, the most telling first. */
const ACCIDENTS: readonly { leaves: (entries: Entries) => boolean; hint: string }[] = [
  {
    leaves: (entries) => [...entries].some(([path, entry]) => isMovedBlob(path, entry)),
    hint: "Its files lie one folder too high. Unpack it again without --strip-components.",
  },
  {
    leaves: (entries) => [...entries.keys()].some((path) => /(?:^|\/)[^/.]{1,6}~\d/.test(path)),
    hint: "Its names were cut to eight letters on the way. Carry the bundle as one file.",
  },
  {
    leaves: (entries) => entries.has(SIGSTORE_FILE) || entries.has(CONTENTS_FILE),
    hint: "The rest of a bundle is here, an OCI image layout with more. Copy all its files again.",
  },
  {
    leaves: (entries) => entries.has(LAYOUT_FILE) || entries.has(INDEX_FILE),
    hint: `It looks like a part of an OCI image layout: copy all of it, ${LAYOUT_FILE}, ${INDEX_FILE} and blobs/, and name their directory.`,
  },
];

/** `sha256/HEX` without `blobs/` before it, with the content of that name where it was hashed. */
function isMovedBlob(path: string, { sha256 }: Entry): boolean {
  const [, encoded] = /^sha256\/([a-f0-9]{64})$/.exec(path) ?? [];
  return encoded !== undefined && (sha256 ?? encoded) === encoded;
}
