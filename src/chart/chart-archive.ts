import type { RawEntry } from "../archive/archive.ts";
import { StreamCursor } from "../archive/cursor.ts";
import { entryPath } from "../archive/entry-path.ts";
import { gunzip, limited } from "../archive/inflate.ts";
import { knownFile } from "../archive/known-files.ts";
import { readMemberHeader } from "../archive/members/gzip-members.ts";
import { sniff } from "../archive/sniff.ts";
import { TAR_BLOCK } from "../archive/tar/tar-header.ts";
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
  requireGzip(tgz, what);
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
  } catch (error) {
    throw nameChart(error, what);
  } finally {
    await cursor.close();
  }
  const chartYaml = files.get("Chart.yaml");
  if (chartYaml === undefined) throw invalid(what, "it has no Chart.yaml", WRONG_FILE);
  return { metadata: parseChartYaml(chartYaml, `Chart.yaml of ${what}`), files };
}

/** What else it is, by how it begins: what a decompressor would say of it tells nobody that. */
function requireGzip(tgz: Uint8Array, what: string): void {
  const head = Buffer.from(tgz.subarray(0, TAR_BLOCK));
  if (readMemberHeader(head) !== undefined) {
    throw invalid(what, `${EXPECTED}, found a bundle`, "`dray check BUNDLE` looks at its charts.");
  }
  const kind = sniff(head);
  if (kind === "gzip") return;
  const named = head.length === 0 ? "an empty file" : (knownFile(head)?.name ?? "something else");
  throw invalid(what, `${EXPECTED}, found ${kind ?? named}`, WRONG_FILE);
}

const EXPECTED = "expected a packed chart (NAME-VERSION.tgz)";
const WRONG_FILE =
  "Name what `helm package` or `helm pull` writes, or the directory that has Chart.yaml in it.";

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

/** What is wrong with the archive inside does not say of what. */
function nameChart(error: unknown, what: string): unknown {
  if (!(error instanceof DrayError) || error.message.includes(what)) return error;
  const { code, kind, message } = error;
  const reason = message.charAt(0).toLowerCase() + message.slice(1);
  return new DrayError(code, `Cannot read chart ${what}: ${reason}`, {
    kind,
    hint: WRONG_FILE,
    cause: error,
  });
}

/** A little more than the files themselves: headers, padding and the end. */
function unpacked(tgz: Uint8Array, what: string): Bytes {
  return limited(gunzip(once(tgz), what), { limit: 2 * MAX_CHART_BYTES, what });
}

function invalid(what: string, reason: string, hint?: string): DrayError {
  return new DrayError("DRAY_CHART_INVALID", `Cannot read chart ${what}: ${reason}`, {
    kind: "refused",
    hint,
  });
}
