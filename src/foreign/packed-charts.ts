import { StreamCursor } from "../archive/cursor.ts";
import { gunzip, limited, maxInflated } from "../archive/inflate.ts";
import { readTar } from "../archive/tar/tar-reader.ts";
import { MAX_CHART_BYTES } from "../chart/chart-archive.ts";
import { DrayError } from "../errors.ts";
import type { FileTree, ForeignFile } from "./file-tree.ts";
import type { ForeignChart } from "./foreign-content.ts";

/** Charts have their Chart.yaml first; Helm writes it so. */
const MEMBERS_LOOKED_AT = 50;

/** The packed charts that nobody has claimed, with their provenance; claims them. */
export async function findCharts(tree: FileTree): Promise<ForeignChart[]> {
  const charts: ForeignChart[] = [];
  for (const path of tree.unclaimed()) {
    const tgz = tree.files.get(path);
    if (tgz === undefined || !path.endsWith(".tgz") || tgz.size > MAX_CHART_BYTES) continue;
    if (!(await isChart(tgz))) continue;
    const provenance = tree.files.get(`${path}.prov`);
    charts.push({ tgz, provenance });
    tree.claim([path, `${path}.prov`]);
  }
  return charts;
}

/** True if `NAME/Chart.yaml` is in it; what cannot be read is no chart. */
async function isChart(file: ForeignFile): Promise<boolean> {
  const what = JSON.stringify(file.path);
  const limit = maxInflated(file.size);
  const cursor = new StreamCursor(limited(gunzip(file.read(), what), { limit, what }));
  try {
    let count = 0;
    for await (const { name } of readTar(cursor)) {
      if (/^(?:\.\/)?[^/]+\/Chart\.yaml$/.test(name)) return true;
      if (++count === MEMBERS_LOOKED_AT) return false;
    }
    return false;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  } finally {
    await cursor.close();
  }
}
