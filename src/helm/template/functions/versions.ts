import { parseRange, parseVersion } from "../../../chart/version-range.ts";
import { DrayError } from "../../../errors.ts";
import { withMethods } from "../field.ts";
import { fn, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import { Integer, Struct, type Value } from "../value.ts";

/** Versions. https://masterminds.github.io/sprig/semver.html */
export const VERSIONS: Readonly<Record<string, TemplateFunction>> = {
  semverCompare: fn(["string", "string"], ([range, version], call) => {
    call.compared([version, ...versionsAround(range)]);
    return checked(() => parseRange(range).allows(parseVersion(version)));
  }),
  semver: fn(["string"], ([text]) => versionOf(text)),
};

/** What is in a range, and what comes before and after it. */
function versionsAround(range: string): readonly string[] {
  const [version, major] = /(\d+)(?:\.\d+){0,2}/.exec(range) ?? [];
  return version === undefined ? [] : [version, `${Number(major) + 1}.0.0`, "0.0.1"];
}

function versionOf(text: string): Struct {
  const version = checked(() => parseVersion(text));
  const { major, minor, patch, prerelease } = version;
  const next = (...parts: readonly number[]): TemplateFunction =>
    fn([], () => versionOf(parts.join(".")));
  const fields = {
    Major: Integer.uint64(BigInt(major)),
    Minor: Integer.uint64(BigInt(minor)),
    Patch: Integer.uint64(BigInt(patch)),
    Prerelease: prerelease.join("."),
    Metadata: version.build.join("."),
    Original: text,
  };
  return withMethods(
    new Struct("*semver.Version", fields, { text: version.raw, json: version.raw }),
    {
      String: fn([], () => version.raw),
      IncMajor: next(major + 1, 0, 0),
      IncMinor: next(major, minor + 1, 0),
      // A prerelease comes before the version that it leads to.
      IncPatch: next(major, minor, prerelease.length > 0 ? patch : patch + 1),
      Compare: fn(["any"], ([other]) => BigInt(compared(version, other))),
      LessThan: fn(["any"], ([other]) => compared(version, other) < 0),
      GreaterThan: fn(["any"], ([other]) => compared(version, other) > 0),
      Equal: fn(["any"], ([other]) => compared(version, other) === 0),
    },
  );
}

function compared(version: ReturnType<typeof parseVersion>, other: Value): number {
  return version.compare(other instanceof Struct ? (other.shown.text ?? "") : "0.0.0");
}

function checked<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof DrayError ? new TemplateError(error.message) : error;
  }
}
