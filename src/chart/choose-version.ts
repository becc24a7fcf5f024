import type SemVer from "semver/classes/semver.js";
import { DrayError } from "../errors.ts";
import { parseRange, parseVersion, type VersionRange } from "./version-range.ts";

/** A range that lets prereleases in, for hints. */
const ANYTHING = ">0.0.0-0";

/**
 * The version that `wanted` means among those there are, as Helm chooses: the very one if it stands
 * there, else the newest that the range allows. Without a range it is the newest release. What is no
 * semantic version is passed over; order and doubles do not matter.
 */
export function chooseVersion(
  versions: readonly string[],
  wanted: string | undefined,
): string | undefined {
  if (wanted !== undefined && versions.includes(wanted)) return wanted;
  const range = parseRange(wanted ?? "");
  let best: Candidate | undefined;
  for (const text of versions) {
    const version = tryParse(text);
    if (version === undefined || !range.allows(version)) continue;
    if (best === undefined || isNewer(version, best.version)) best = { text, version };
  }
  return best?.text;
}

interface Candidate {
  readonly text: string;
  readonly version: SemVer;
}

/** What is not in the order of versions, build metadata, still has to give the same answer always. */
function isNewer(version: SemVer, than: SemVer): boolean {
  return (version.compare(than) || version.compareBuild(than)) > 0;
}

/** Below 0 where `a` comes before `b`, above it where it comes after; undefined where one is no version. */
export function compareVersions(a: string, b: string): number | undefined {
  const [one, other] = [tryParse(a), tryParse(b)];
  return one === undefined || other === undefined ? undefined : one.compare(other);
}

function tryParse(text: string): SemVer | undefined {
  try {
    return parseVersion(text);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** True for a version that is written in full, `1.2.3`: a range of one. */
export function isExactVersion(text: string): boolean {
  return /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?$/.test(text) && tryParse(text) !== undefined;
}

export function isRange(text: string): boolean {
  return tryRange(text) !== undefined;
}

/** True if `range` is one and lets `version` in. */
export function allowsVersion(range: string, version: string): boolean {
  const parsed = tryParse(version);
  return parsed !== undefined && tryRange(range)?.allows(parsed) === true;
}

function tryRange(text: string): VersionRange | undefined {
  try {
    return parseRange(text);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

/** Why no version was chosen, for whoever asked `where`. */
export function noSuchVersion(
  name: string,
  { where, wanted, versions }: { where: string; wanted: string | undefined; versions: string[] },
): DrayError {
  const newest = chooseVersion(versions, ANYTHING);
  const found =
    newest === undefined
      ? "no version at all"
      : `${versions.length === 1 ? "1 version" : `${versions.length} versions`}, the newest of them ${newest}`;
  return new DrayError(
    "DRAY_CHART_VERSION_MISSING",
    `Cannot find chart ${name} at ${where}: expected ${wanted === undefined ? "a release" : `version ${JSON.stringify(wanted)}`}, found ${found}`,
    {
      kind: "usage",
      hint:
        newest === undefined
          ? undefined
          : `Prereleases count only where the range names one, such as ${JSON.stringify(ANYTHING)}.`,
    },
  );
}
