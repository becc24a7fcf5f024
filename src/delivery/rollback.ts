import type { UsableBundle } from "../bundle/opened.ts";
import { compareVersions } from "../chart/choose-version.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import { findingOf, type Finding } from "../finding.ts";
import type { Edition, Receipt } from "./receipt.ts";

export function editionOf({ contents, bundleDigest }: UsableBundle): Edition {
  const { name, version, created } = contents;
  return { name, version, created, digest: bundleDigest };
}

/** Why a bundle is no successor of the newest one of an earlier receipt; undefined if it is one. */
function objection(now: Edition, before: Edition): string | undefined {
  const was = `${before.name} ${before.version} (${before.digest.slice(0, 19)})`;
  if (now.digest === before.digest) return undefined;
  if (now.name !== before.name) return `the receipt in its place is of another bundle, ${was}`;
  const order = compareVersions(now.version, before.version);
  const byTime = Math.sign(Date.parse(now.created) - Date.parse(before.created));
  const compared = order === undefined || order === 0 ? byTime : order;
  if (compared > 0) return undefined;
  return compared < 0
    ? `it is older than ${was}, which was pushed before`
    : `nothing says whether it is newer than ${was}, which was pushed before`;
}

/**
 * Compares a bundle with the newest that was pushed under the same receipt.
 * @throws DrayError `DRAY_BUNDLE_OLDER` where it has to be a successor and may be none
 */
export function compareWithEarlier(
  now: Edition,
  before: Edition | undefined,
  { path, noRollback }: { path: string; noRollback: boolean },
): Finding[] {
  const reason = before === undefined ? undefined : objection(now, before);
  if (before === undefined || reason === undefined) return [];
  const error = new DrayError(
    "DRAY_BUNDLE_OLDER",
    `${noRollback ? "Cannot push" : "Pushing"} ${JSON.stringify(path)} (${now.name} ${now.version}): ${reason}`,
    { kind: "refused", hint: HINT },
  );
  if (noRollback) throw error;
  // Whoever has not asked for it may well go back; another bundle is no step back.
  return now.name === before.name ? [{ ...findingOf(error), severity: "warning" }] : [];
}

const HINT =
  "Ask for the newest bundle. To go back on purpose, leave out --no-rollback; a receipt in another place begins anew.";

/** The newest of what was pushed under one receipt: a step back makes none of it forgotten. */
export function newestOf(
  { artifacts }: Pick<Receipt, "artifacts">,
  now: Edition | undefined,
  before: Edition | undefined,
): Edition | undefined {
  const isThere = artifacts.some(({ result }) => THERE.has(result));
  if (now === undefined || !isThere) return before;
  if (before === undefined || now.name !== before.name) return now;
  return objection(now, before) === undefined ? now : before;
}

const THERE: ReadonlySet<string> = new Set(["pushed", "overwritten", "present"]);

/**
 * The newest bundle that was pushed under this receipt. One that a newer dray has written tells nothing,
 * which is enough to refuse where that has to be known.
 */
export function newestBefore(
  file: { newest(): Edition | undefined } | undefined,
  { noRollback, run }: { noRollback: boolean; run: Run },
): Edition | undefined {
  try {
    return file?.newest();
  } catch (error) {
    if (noRollback || !(error instanceof DrayError)) throw error;
    run.onEvent({ type: "warning", message: error.message });
    return undefined;
  }
}
