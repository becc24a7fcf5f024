import { expect, it } from "vitest";
import { formatSetting, readSetting } from "../../../src/helm/values/path.ts";

it.each([
  [["metrics", "enabled"], "metrics.enabled"],
  [["jobs", "0", "side"], "jobs[0].side"],
  [["a.b", "c/d"], String.raw`a\.b.c/d`],
  [["a=b", "c,d", "e[f]", "g\\h"], String.raw`a\=b.c\,d.e\[f\].g\\h`],
  [["8080", "on"], "8080.on"],
])("the setting at %j is written as --set takes it, and read again", (path, text) => {
  expect(formatSetting(path)).toBe(text);
  expect(readSetting(text)).toEqual(path);
});
