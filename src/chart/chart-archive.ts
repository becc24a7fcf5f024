import type { RawEntry } from "../archive/archive.ts";
import { StreamCursor } from "../archive/cursor.ts";
import { entryPath } from "../archive/entry-path.ts";
import { gunzip, limited } from "../archive/inflate.ts";
import { readTar } from "../archive/tar/tar-reader.ts";
import { collect, type Bytes } from "../content/content.ts";
import { once } from "../content/memory.ts";
import { DrayError } from "../errors.ts";
import { MAX_CHART_FILE_BYTES, parseChartYaml, type ChartMetadata } from "./chart-yaml.ts";

/** Largest chart, packed and unpacked; Helm refuses what is larger. */
export const MAX_CHART_BYTES = 100 * 1024 * 1024;

/** Largest provenance file: a Chart.yaml with a signature around it. */
export const MAX_PROVENANCE_BYTES = MAX_CHART_FILE_BYTES + 1024 * 1024;

/** Files of one chart; the largest published ones have some 2 000. */
export const MAX_CHART_FILES = 20_000;

/** The files of one chart by their path below the chart's own directory. */
export interface ChartArchive {
  readonly metadata: ChartMetadata;
  readonly files: ReadonlyMap<string, Buffer>;
}

/**
 * Reads a packed chart within Helm's own limits. `what` names it in errors.
 * @throws DrayError `DRAY_CHART_INVALID`, `DRAY_GZIP_DAMAGED`, `DRAY_ARCHIVE_TOO_LARGE`
 */
export async function readChartArchive(tgz: Uint8Array, what: string): Promise<ChartArchive> {
  const files = new Map<string, Buffer>();
  const cursor = new StreamCursor(unpacked(tgz, what));
  try {
    let total = 0;
    for await (const raw of readTar(cursor)) {
      // What stands beside the chart's directory is not kept, and still has to be read.
      total += raw.size;
      if (total > MAX_CHART_BYTES)
        throw invalid(what, `it unpacks to more than ${MAX_CHART_BYTES} bytes`);
      const path = chartPath(raw, what);
      if (path === undefined) continue;
      if (raw.size > MAX_CHART_FILE_BYTES) throw invalid(what, `${path} has ${raw.size} bytes`);
      if (files.size >= MAX_CHART_FILES)
        throw invalid(what, `it has more than ${MAX_CHART_FILES} files`);
      files.set(path, await collect(raw.content()));
    }
  } finally {
    await cursor.close();
  }
  const chartYaml = files.get("Chart.yaml");
  if (chartYaml === undefined) throw invalid(what, "it has no Chart.yaml");
  return { metadata: parseChartYaml(chartYaml, `Chart.yaml of ${what}`), files };
}

/** The path below the chart's directory; undefined for a directory or a file beside it. */
function chartPath(raw: RawEntry, what: string): string | undefined {
  const checked = entryPath(raw.name.replaceAll("\\", "/"));
  if ("problem" in checked) {
    throw invalid(
      what,
      `it has an entry ${JSON.stringify(raw.name.slice(0, 200))}: ${checked.problem}`,
    );
  }
  if (raw.kind === "directory") return undefined;
  if (raw.kind !== "file") throw invalid(what, `${JSON.stringify(checked.path)} is a ${raw.type}`);
  const slash = checked.path.indexOf("/");
  return slash === -1 ? undefined : checked.path.slice(slash + 1);
}

/** A little more than the files themselves: headers, padding and the end. */
function unpacked(tgz: Uint8Array, what: string): Bytes {
  return limited(gunzip(once(tgz), what), { limit: 2 * MAX_CHART_BYTES, what });
}

function invalid(what: string, reason: string): DrayError {
  return new DrayError("DRAY_CHART_INVALID", `Cannot read chart ${what}: ${reason}`, {
    kind: "refused",
  });
}
