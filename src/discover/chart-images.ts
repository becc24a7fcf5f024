import { readFile } from "node:fs/promises";
import type { Chart } from "../chart/chart.ts";
import { discoverImages } from "./discover-images.ts";
import type { Discovery } from "./discovery.ts";
import type { Dict } from "../helm/template/value.ts";
import { readUserValues } from "../helm/values/user-values.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Run } from "../events.ts";

/** Values as a user gives them to Helm: files, then assignments, the later ones winning. */
export interface ValueSet {
  /** Paths. */
  readonly files?: readonly string[] | undefined;
  /** As `--set`. */
  readonly set?: readonly string[] | undefined;
  /** As `--set-string`. */
  readonly setString?: readonly string[] | undefined;
}

/** What discovery is told beside the chart and its values. */
export interface DiscoverySettings {
  /** Version of the cluster, where charts ask for it. */
  readonly kubeVersion?: string | undefined;
  /** Path of a helm program that is asked too. */
  readonly helm?: string | undefined;
}

/**
 * Finds the images of one chart with the values of a user.
 * @throws DrayError for values that cannot be read
 */
export async function imagesOfChart(
  chart: Chart,
  {
    valueSets = [{}],
    settings: { kubeVersion, helm } = {},
  }: {
    readonly valueSets?: readonly ValueSet[] | undefined;
    readonly settings?: DiscoverySettings | undefined;
  },
  { signal }: Run,
): Promise<Discovery> {
  const values: Dict[] = [];
  for (const set of valueSets) values.push(await readValueSet(set));
  return discoverImages(chart, { kubeVersion, helm, signal, values });
}

async function readValueSet({ files = [], set, setString }: ValueSet): Promise<Dict> {
  const texts = files.map(async (name) => ({ name, text: await readValuesFile(name) }));
  return readUserValues({ files: await Promise.all(texts), set, setString });
}

async function readValuesFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== "ENOENT" && code !== "EISDIR") throw cause;
    throw new DrayError(
      "DRAY_FILE_NOT_FOUND",
      `Cannot read values ${JSON.stringify(path)}: ${code === "ENOENT" ? "no such file" : "it is a directory"}`,
      { kind: "usage", cause },
    );
  }
}
