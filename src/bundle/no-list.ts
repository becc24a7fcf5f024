import type { Entry } from "../archive/scan.ts";
import type { Finding } from "../finding.ts";
import { INDEX_FILE, LAYOUT_FILE } from "../oci/image-layout.ts";
import { CONTENTS_FILE, SIGSTORE_FILE, SUMS_FILE } from "./format.ts";

/** More folders than these say no more. */
const MAX_NAMED = 5;

type Entries = ReadonlyMap<string, Entry>;

/** Says why there is no list of sums to go by; `folders` hold one each, none of them alone. */
export function noList(entries: Entries, folders: readonly string[]): Finding {
  const [only] = folders;
  if (folders.length > 1) return several(folders);
  if (only !== undefined) return beside(only);
  const base = { code: "SUMS_MISSING", severity: "error", entry: SUMS_FILE } as const;
  const message = `${SUMS_FILE} is missing: this is no bundle, or its list of contents was lost`;
  const hint = ACCIDENTS.find(({ leaves }) => leaves(entries))?.hint;
  return hint === undefined ? { ...base, message } : { ...base, message, hint };
}

function several(folders: readonly string[]): Finding {
  const named = folders.slice(0, MAX_NAMED).map((folder) => JSON.stringify(folder));
  const more = folders.length > MAX_NAMED ? ` and ${folders.length - MAX_NAMED} more` : "";
  return {
    code: "BUNDLES_SEVERAL",
    severity: "error",
    message: `Expected one bundle, found ${folders.length}: in ${named.join(", ")}${more}`,
    hint: "Name the folder of one of them; unpack an archive first.",
  };
}

function beside(folder: string): Finding {
  return {
    code: "SUMS_MISSING",
    severity: "error",
    entry: SUMS_FILE,
    message: `${SUMS_FILE} is missing at the top: there is one in ${JSON.stringify(folder)}, with other files beside that folder`,
    hint: `Name the folder ${JSON.stringify(folder)} itself; unpack an archive first.`,
  };
}

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
    hint: "It looks like an OCI image layout that was not made by dray.",
  },
];

/** `sha256/HEX` without `blobs/` before it, with the content of that name where it was hashed. */
function isMovedBlob(path: string, { sha256 }: Entry): boolean {
  const [, encoded] = /^sha256\/([a-f0-9]{64})$/.exec(path) ?? [];
  return encoded !== undefined && (sha256 ?? encoded) === encoded;
}
