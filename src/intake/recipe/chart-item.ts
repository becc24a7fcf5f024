import { isAbsolute, join } from "node:path";
import type { ValueSet } from "../../helm/values/user-values.ts";
import type { z } from "../../oci/schema.ts";
import { parseChart, type ChartRequest } from "./chart-request.ts";
import type { chartSchema } from "./recipe-schema.ts";

type ChartItem = z.infer<typeof chartSchema>;

/** A chart as a bundle.yaml in `base` writes it in parts. @throws DrayError */
export function toChart(item: ChartItem, base: string): ChartRequest {
  const { chart, repo, version, images, release: name, namespace, isUpgrade } = item;
  return {
    ...parseChart(chart, { base, repo, version }),
    images,
    valueSets: valueSetsOf(item, base),
    release: { name, namespace, isUpgrade },
  };
}

/** One list of files is one set; a list of lists is several. What is assigned is so in each. */
function valueSetsOf(item: ChartItem, base: string): readonly ValueSet[] | undefined {
  const { values, setJson, set, setString, setFile } = item;
  const assigned = [setJson, set, setString, setFile].some((one) => one !== undefined);
  if (values === undefined && !assigned) return undefined;
  const files = Object.entries(setFile ?? {}).map(
    ([name, path]) => `${name}=${escaped(resolvePath(path, base))}`,
  );
  return setsIn(values ?? []).map((paths) => ({
    files: paths.map((path) => resolvePath(path, base)),
    setJson,
    set,
    setString,
    setFile: files,
  }));
}

function setsIn(
  values: readonly string[] | readonly (readonly string[])[],
): readonly (readonly string[])[] {
  return values.every((one) => typeof one === "string") ? [values] : values;
}

/** Assignments are apart by commas. */
function escaped(path: string): string {
  return path.replaceAll(/[\\,{}]/g, "\\$&");
}

/** A path in a file of the directory `base`. */
export function resolvePath(path: string, base: string): string {
  return isAbsolute(path) ? path : join(base, path);
}
