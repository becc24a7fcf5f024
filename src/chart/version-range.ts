import SemVer from "semver/classes/semver.js";
import { DrayError } from "../errors.ts";

/**
 * Version ranges as Helm means them: comparators joined by comma or space, alternatives by `||`, and
 * prereleases only where one of the comparators names one. npm's semver differs in each of these.
 * https://github.com/Masterminds/semver/blob/v3.4.0/constraints.go
 */
export interface VersionRange {
  allows(version: SemVer): boolean;
}

/** Longer ranges are no ranges. */
const MAX_RANGE_LENGTH = 1000;

const NUMBER = "(\\d{1,15}|[xX*])";
const SUFFIX = "(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z.-]+)?";
const PARTIAL = `v?${NUMBER}(?:\\.${NUMBER})?(?:\\.${NUMBER})?${SUFFIX}`;
const OPERATOR = "(!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|)";
const COMPARATOR = new RegExp(`\\s*,?\\s*${OPERATOR}\\s*${PARTIAL}(?=[\\s,]|$)`, "y");
const HYPHEN = new RegExp(`(${PARTIAL})\\s+-\\s+(${PARTIAL})`, "g");

/**
 * A version, coerced as Masterminds does it: `v1.2` is 1.2.0.
 * @throws DrayError `DRAY_VERSION_INVALID`
 */
export function parseVersion(text: string): SemVer {
  const parts = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?([-+].*)?$/.exec(text);
  if (parts === null || text.length > MAX_RANGE_LENGTH) throw invalid("version", text);
  const [, major = "0", minor = "0", patch = "0", rest = ""] = parts;
  try {
    return new SemVer(`${BigInt(major)}.${BigInt(minor)}.${BigInt(patch)}${rest}`);
  } catch (cause) {
    throw invalid("version", text, cause);
  }
}

/** @throws DrayError `DRAY_VERSION_INVALID` */
export function parseRange(text: string): VersionRange {
  if (text.length > MAX_RANGE_LENGTH) throw invalid("version range", text);
  const alternatives = withoutHyphens(text)
    .split("||")
    .map((part) => parseAll(part, text));
  return { allows: (version) => alternatives.some((allows) => allows(version)) };
}

/** `1.2 - 2.3` is `>=1.2, <=2.3`. */
function withoutHyphens(text: string): string {
  return text.replace(HYPHEN, (all) => {
    const [low = "", high = ""] = all.split(/\s+-\s+/);
    return ` >=${low}, <=${high} `;
  });
}

type Allows = (version: SemVer) => boolean;

/** Comparators that must all hold; none at all is any release. One that names a prerelease lets prereleases in for all. */
function parseAll(part: string, whole: string): Allows {
  const comparators: Comparator[] = [];
  for (COMPARATOR.lastIndex = 0; part.slice(COMPARATOR.lastIndex).trim() !== "";) {
    const found = COMPARATOR.exec(part);
    if (found === null) throw invalid("version range", whole);
    comparators.push(toComparator(found));
  }
  const prereleases = comparators.some(({ low }) => low.prerelease.length > 0);
  const checks = comparators.map(checkFor);
  return (version) =>
    (prereleases || version.prerelease.length === 0) && checks.every((allows) => allows(version));
}

interface Comparator {
  readonly operator: string;
  /** Lowest version meant, `x` read as 0. */
  readonly low: SemVer;
  /** How many of the three numbers are given. */
  readonly given: number;
}

function toComparator(found: RegExpExecArray): Comparator {
  const [, operator = "", major, minor, patch, prerelease] = found;
  const numbers = [major, minor, patch];
  const wild = numbers.findIndex((number) => number === undefined || /[xX*]/.test(number));
  const given = wild === -1 ? 3 : wild;
  const core = numbers.map((number, index) => (index < given ? number : "0")).join(".");
  const low = parseVersion(prerelease === undefined ? core : `${core}-${prerelease}`);
  return { operator, low, given };
}

function checkFor(comparator: Comparator): Allows {
  const { low, given } = comparator;
  const check = CHECKS[comparator.operator] ?? staysWithin;
  return (version) => check({ version, low, given, order: version.compare(low) });
}

interface Checked {
  readonly version: SemVer;
  readonly low: SemVer;
  readonly given: number;
  readonly order: number;
}

const isWithin = ({ version, low, given }: Checked): boolean => sameNumbers(version, low, given);
const isAtLeast = ({ order }: Checked): boolean => order >= 0;
const isAtMost = (one: Checked): boolean => one.order <= 0 || (one.given < 3 && isWithin(one));

function isEqual(one: Checked): boolean {
  return one.given === 3 ? one.order === 0 : one.order >= 0 && isWithin(one);
}

/** `!=1.2` is about all of 1.2, `!=1.2.3` and `!=1.2-beta` about one version. */
function isOther(one: Checked): boolean {
  const isOne = one.given === 3 || one.low.prerelease.length > 0;
  return isOne ? one.order !== 0 : !isWithin(one);
}

function staysWithin({ version, low, given, order }: Checked): boolean {
  return order >= 0 && sameNumbers(version, low, tildeWidth(low, given));
}

const CHECKS: Readonly<Record<string, (one: Checked) => boolean>> = {
  "": isEqual,
  "=": isEqual,
  "!=": isOther,
  ">": (one) => one.order > 0 && (one.given === 3 || !isWithin(one)),
  "<": ({ order }) => order < 0,
  ">=": isAtLeast,
  "=>": isAtLeast,
  "<=": isAtMost,
  "=<": isAtMost,
  "^": ({ version, low, given, order }) =>
    order >= 0 && sameNumbers(version, low, caretWidth(low, given)),
};

/** `~1.2.3` stays within 1.2, `~1` within 1; `~0.0.0` is taken for anything. */
function tildeWidth(low: SemVer, given: number): number {
  const isZero = low.major === 0 && low.minor === 0 && low.patch === 0;
  return isZero && given === 3 ? 0 : Math.min(given, 2);
}

/** `^` keeps the first number that is not 0. */
function caretWidth(low: SemVer, given: number): number {
  if (given < 2 || low.major > 0) return Math.min(given, 1);
  return given === 2 || low.minor > 0 ? 2 : 3;
}

function sameNumbers(version: SemVer, low: SemVer, count: number): boolean {
  return (
    (count < 1 || version.major === low.major) &&
    (count < 2 || version.minor === low.minor) &&
    (count < 3 || version.patch === low.patch)
  );
}

function invalid(what: string, text: string, cause?: unknown): DrayError {
  const shown = JSON.stringify(text.slice(0, 100));
  return new DrayError(
    "DRAY_VERSION_INVALID",
    `Cannot read ${what} ${shown}: expected a semantic version`,
    {
      kind: "usage",
      cause,
    },
  );
}
