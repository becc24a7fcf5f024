import { stat } from "node:fs/promises";
import { readSmallFile } from "../content/small-file.ts";
import { DrayError, systemCode, unreadable } from "../errors.ts";
import { MAX_CHART_BYTES, readChartArchive } from "./chart-archive.ts";
import { readChartDirectory } from "./chart-directory.ts";

/** A chart on disk. */
export interface LocalChart {
  /** By their path below the chart's own directory. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The file as it is; undefined for a directory. */
  readonly tgz: Buffer | undefined;
}

export interface ReadChartOptions {
  /** What else could be meant by a path at which there is nothing. */
  readonly hint?: string | undefined;
  /** Directory below which links of a chart's directory may lead. @default its own alone */
  readonly chartRoot?: string | undefined;
}

/**
 * Reads a packed chart, or one that is a directory.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CHART_INVALID`
 */
export async function readChart(
  path: string,
  { hint, chartRoot }: ReadChartOptions = {},
): Promise<LocalChart> {
  const size = await sizeOfFile(path, hint);
  if (size === undefined) {
    return { files: await readChartDirectory(path, chartRoot), tgz: undefined };
  }
  const what = JSON.stringify(path);
  if (size > MAX_CHART_BYTES) {
    throw invalid(what, `expected at most ${MAX_CHART_BYTES} bytes, found ${size}`);
  }
  const tgz = await readSmallFile(path, { what: "chart", maxBytes: MAX_CHART_BYTES });
  const { files } = await readChartArchive(tgz, what);
  return { files, tgz };
}

/** Undefined for a directory. */
async function sizeOfFile(path: string, hint: string | undefined): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? undefined : found.size;
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT" && systemCode(cause) !== "ENOTDIR") {
      throw unreadable(cause, "chart", path) ?? cause;
    }
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot read chart ${JSON.stringify(path)}: no such file or directory`,
      { kind: "usage", cause, hint },
    );
  }
}

function invalid(what: string, reason: string): DrayError {
  return new DrayError("DRAY_CHART_INVALID", `Cannot read chart ${what}: ${reason}`, {
    kind: "refused",
  });
}
