import { DrayError } from "../errors.ts";
import { readYaml, type YamlMap, type YamlValue } from "../yaml/read.ts";
import { MAX_CHART_BYTES, readChartArchive } from "./chart-archive.ts";
import { parseChartYaml, parseRequirements, type ChartDependency } from "./chart-yaml.ts";
import { decode, type Chart } from "./chart.ts";
import { loadPatternsFor } from "./regex.ts";

/** Charts within charts; the deepest published ones have five levels. */
const MAX_DEPTH = 16;

/** Charts in one chart, at all depths. */
const MAX_CHARTS = 1000;

/** Loads a packed chart. `what` names it in errors. @throws DrayError `DRAY_CHART_INVALID` */
export async function loadChartArchive(tgz: Uint8Array, what: string): Promise<Chart> {
  const { files } = await readChartArchive(tgz, what);
  return loadChartFiles(files, what);
}

/** Loads a chart from its files by path. @throws DrayError `DRAY_CHART_INVALID` */
export async function loadChartFiles(
  files: ReadonlyMap<string, Buffer>,
  what: string,
): Promise<Chart> {
  return load(files, {
    what,
    path: "",
    depth: 0,
    left: { bytes: MAX_CHART_BYTES, charts: MAX_CHARTS },
  });
}

interface Place {
  readonly what: string;
  readonly path: string;
  readonly depth: number;
  /** What the whole chart may still hold, counted down through all its subcharts. */
  readonly left: { bytes: number; charts: number };
}

async function load(files: ReadonlyMap<string, Buffer>, place: Place): Promise<Chart> {
  const { what, path, left } = place;
  if (place.depth > MAX_DEPTH) throw invalid(what, `charts nest deeper than ${MAX_DEPTH} levels`);
  if (--left.charts < 0) throw invalid(what, `it holds more than ${MAX_CHARTS} charts`);
  const chartYaml = files.get("Chart.yaml");
  if (chartYaml === undefined) throw invalid(what, "it has no Chart.yaml");
  const metadata = parseChartYaml(chartYaml, `Chart.yaml of ${what}`);
  const own = new Map([...files].filter(([name]) => !name.startsWith("charts/")));
  await loadPatternsFor(own.values());
  const subcharts = await loadSubcharts(files, place);
  const dependencies = metadata.dependencies ?? requirementsOf(files, what);
  return {
    metadata,
    path,
    values: readValues(
      decode(files.get("values.yaml") ?? Buffer.alloc(0)),
      `values.yaml of ${what}`,
    ),
    files: own,
    dependencies,
    subcharts,
    // Helm looks for the name alone.
    missing: dependencies.filter(
      ({ name }) => !subcharts.some(({ metadata: { name: held } }) => held === name),
    ),
  };
}

function requirementsOf(
  files: ReadonlyMap<string, Buffer>,
  what: string,
): readonly ChartDependency[] {
  const file = files.get("requirements.yaml");
  return file === undefined ? [] : parseRequirements(file, `requirements.yaml of ${what}`);
}

/** Everything in `charts/` but what begins with a dot or an underscore, in order of name. */
async function loadSubcharts(files: ReadonlyMap<string, Buffer>, place: Place): Promise<Chart[]> {
  const subcharts: Chart[] = [];
  for (const [name, inner] of [...groupSubcharts(files)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const packed = name.endsWith(".tgz") ? inner.get("") : undefined;
    if (packed === undefined && !inner.has("Chart.yaml")) continue;
    const what = `charts/${name} of ${place.what}`;
    const content = packed === undefined ? inner : await unpack(packed, what, place);
    const path = `${place.path === "" ? "" : `${place.path}/`}charts/${folderOf(name)}`;
    subcharts.push(await load(content, { ...place, what, path, depth: place.depth + 1 }));
  }
  return subcharts;
}

async function unpack(
  tgz: Buffer,
  what: string,
  { left }: Place,
): Promise<ReadonlyMap<string, Buffer>> {
  const { files } = await readChartArchive(tgz, what);
  for (const file of files.values()) left.bytes -= file.length;
  if (left.bytes < 0)
    throw invalid(what, `with it the chart has more than ${MAX_CHART_BYTES} bytes`);
  return files;
}

/** `grafana-8.1.0.tgz` unpacks to `grafana`. */
function folderOf(name: string): string {
  return name.replace(/(?:-v?\d+(?:\.\d+){0,2}(?:[-+][0-9A-Za-z.+-]*)?)?\.tgz$/, "");
}

/** Files below each name in `charts/`; a packed chart is the file with the empty path. */
function groupSubcharts(files: ReadonlyMap<string, Buffer>): Map<string, Map<string, Buffer>> {
  const groups = new Map<string, Map<string, Buffer>>();
  for (const [path, bytes] of files) {
    const found = /^charts\/([^_./][^/]*)(?:\/(.+))?$/.exec(path);
    if (found === null) continue;
    const [, name = "", rest = ""] = found;
    const group = groups.get(name) ?? new Map<string, Buffer>();
    groups.set(name, group.set(rest, bytes));
  }
  return groups;
}

/**
 * Reads a values file: as Helm 3 does, the first of several documents.
 * @throws DrayError `DRAY_YAML_INVALID`, `DRAY_VALUES_INVALID`
 */
export function readValues(text: string, what: string): YamlMap {
  const value = readYaml(text, what) ?? new Map<string, YamlValue>();
  if (value instanceof Map) return value;
  throw new DrayError("DRAY_VALUES_INVALID", `Cannot read ${what}: expected a mapping`, {
    kind: "refused",
  });
}

function invalid(what: string, reason: string): DrayError {
  return new DrayError("DRAY_CHART_INVALID", `Cannot read chart ${what}: ${reason}`, {
    kind: "refused",
  });
}
