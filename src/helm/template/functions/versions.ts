import { parseRange, parseVersion } from "../../../chart/version-range.ts";
import { DrayError } from "../../../errors.ts";
import { withMethods } from "../field.ts";
import { fn, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import { Struct } from "../value.ts";

/** Versions. https://masterminds.github.io/sprig/semver.html */
export const VERSIONS: Readonly<Record<string, TemplateFunction>> = {
  semverCompare: fn(["string", "string"], ([range, version]) =>
    checked(() => parseRange(range).allows(parseVersion(version))),
  ),
  semver: fn(["string"], ([text]) => {
    const version = checked(() => parseVersion(text));
    const fields = {
      Major: BigInt(version.major),
      Minor: BigInt(version.minor),
      Patch: BigInt(version.patch),
      Prerelease: version.prerelease.join("."),
      Metadata: version.build.join("."),
      Original: text,
    };
    return withMethods(new Struct("semver.Version", fields, version.raw), {
      String: fn([], () => version.raw),
      Compare: fn(["any"], ([other]) =>
        BigInt(version.compare(other instanceof Struct ? other.text : "0.0.0")),
      ),
    });
  }),
};

function checked<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof DrayError ? new TemplateError(error.message) : error;
  }
}
