import { CONTENTS_FILE, SUMS_FILE } from "../bundle/format.ts";
import { DrayError } from "../errors.ts";
import type { OpenedTree } from "./open-tree.ts";

/** More names than these say no more. */
const MAX_NAMED = 5;

/**
 * Bundles of dray are opened one by one, each under its own signature: what holds one beside something
 * else is never read as if others had packed it.
 *
 * @throws DrayError `DRAY_ARCHIVE_AMBIGUOUS`
 */
export function requireNoBundles(
  carrier: string,
  archives: Iterable<{ readonly paths: readonly string[]; readonly parts: readonly OpenedTree[] }>,
): void {
  const bundles = [...archives].flatMap(({ paths, parts }) =>
    paths.filter((_, index) => isBundle(parts[index])),
  );
  if (bundles.length === 0) return;
  const named = bundles.slice(0, MAX_NAMED).map((path) => JSON.stringify(path));
  const more = bundles.length > MAX_NAMED ? ` and ${bundles.length - MAX_NAMED} more` : "";
  const found =
    bundles.length === 1
      ? `${named.join("")} beside other files`
      : `${bundles.length}: ${named.join(", ")}${more}`;
  throw new DrayError(
    "DRAY_ARCHIVE_AMBIGUOUS",
    `Cannot open ${carrier}: expected one bundle, found ${found}`,
    { kind: "usage", hint: "Take the one that is meant and name it." },
  );
}

function isBundle(opened: OpenedTree | undefined): boolean {
  return [SUMS_FILE, CONTENTS_FILE].every((name) => opened?.tree.files.has(name) === true);
}
