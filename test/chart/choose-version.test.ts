import { describe, expect, it } from "vitest";
import { chooseVersion, isExactVersion, noSuchVersion } from "../../src/chart/choose-version.ts";

const VERSIONS = ["1.2.0", "1.10.0", "2.0.0-rc.1", "1.9.0", "latest", "1.10.0", "v0.9"];

describe("chooseVersion()", () => {
  it.each([
    [undefined, "1.10.0"],
    ["^1.2, <1.10", "1.9.0"],
    ["1.2.0", "1.2.0"],
    ["=1.2", "1.2.0"],
    [">0.0.0-0", "2.0.0-rc.1"],
    ["<1", "v0.9"],
    ["latest", "latest"],
    [">=3", undefined],
  ])("finds for %s: %s, whatever order they stand in", (wanted, found) => {
    expect(chooseVersion(VERSIONS, wanted)).toBe(found);
    expect(chooseVersion(VERSIONS.toReversed(), wanted)).toBe(found);
  });

  it("takes the same one of two that differ in build metadata alone", () => {
    const builds = ["1.0.0+b", "1.0.0+c", "1.0.0+a"];
    expect(chooseVersion(builds, "^1")).toBe("1.0.0+c");
    expect(chooseVersion(builds.toReversed(), "^1")).toBe("1.0.0+c");
  });

  it("says what there is when nothing fits", () => {
    const error = noSuchVersion("web", { where: "here", wanted: ">=3", versions: VERSIONS });
    expect(error.message).toBe(
      'Cannot find chart web at here: expected version ">=3", found 7 versions, the newest of them 2.0.0-rc.1',
    );
  });
});

describe("isExactVersion()", () => {
  it.each([
    ["1.2.3", true],
    ["1.2.3-rc.1+build", true],
    ["1.2", false],
    ["v1.2.3", false],
    ["^1.2.3", false],
    ["1.2.3.4", false],
  ])("%s: %s", (text, exact) => {
    expect(isExactVersion(text)).toBe(exact);
  });
});
