import { readFile, stat } from "node:fs/promises";
import type { FetchedChart } from "./fetched-chart.ts";
import {
  MAX_CHART_BYTES,
  MAX_PROVENANCE_BYTES,
  readChartArchive,
} from "../../chart/chart-archive.ts";
import { readChartDirectory } from "../../chart/chart-directory.ts";
import { DrayError, systemCode } from "../../errors.ts";

/**
 * A chart that is a file, with the `.prov` beside it, or a directory.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CHART_INVALID`
 */
export async function findLocalChart(path: string): Promise<FetchedChart> {
  const what = JSON.stringify(path);
  const common = { what, resolved: undefined, pin: undefined };
  const size = await sizeOfFile(path);
  if (size === undefined) {
    const files = await readChartDirectory(path);
    return { ...common, files, tgz: undefined, provenance: undefined };
  }
  if (size > MAX_CHART_BYTES) throw tooLarge(path, MAX_CHART_BYTES, size);
  const tgz = await readFile(path);
  const { files } = await readChartArchive(tgz, what);
  return { ...common, files, tgz, provenance: await readProvenance(`${path}.prov`) };
}

/** Undefined for a directory. */
async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? undefined : found.size;
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT" && systemCode(cause) !== "ENOTDIR") throw cause;
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot read chart ${JSON.stringify(path)}: no such file or directory`,
      {
        kind: "usage",
        cause,
        hint: "From elsewhere: oci://REGISTRY/PATH/CHART or https://REPOSITORY#CHART.",
      },
    );
  }
}

async function readProvenance(path: string): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_PROVENANCE_BYTES) throw tooLarge(path, MAX_PROVENANCE_BYTES, size);
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function tooLarge(path: string, wanted: number, found: number): DrayError {
  return new DrayError(
    "DRAY_CHART_INVALID",
    `Cannot read ${JSON.stringify(path)}: expected at most ${wanted} bytes, found ${found}`,
    { kind: "refused" },
  );
}
