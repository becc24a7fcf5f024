import { isMissing, readSmallFile } from "../../content/small-file.ts";
import { MAX_PROVENANCE_BYTES } from "../../chart/chart-archive.ts";
import { readChart } from "../../chart/read-chart.ts";
import type { FetchedChart } from "./fetched-chart.ts";

const ELSEWHERE = "From elsewhere: oci://REGISTRY/PATH/CHART or https://REPOSITORY#CHART.";

/**
 * A chart that is a file, with the `.prov` beside it, or a directory, whose links may lead to anything
 * below `chartRoot`.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_CHART_INVALID`
 */
export async function findLocalChart(
  path: string,
  chartRoot: string | undefined,
): Promise<FetchedChart> {
  const { files, tgz } = await readChart(path, { hint: ELSEWHERE, chartRoot });
  const provenance = tgz === undefined ? undefined : await readProvenance(`${path}.prov`);
  const what = JSON.stringify(path);
  return { what, files, tgz, provenance, resolved: undefined, pin: undefined };
}

async function readProvenance(path: string): Promise<Buffer | undefined> {
  try {
    return await readSmallFile(path, { what: "provenance", maxBytes: MAX_PROVENANCE_BYTES });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
