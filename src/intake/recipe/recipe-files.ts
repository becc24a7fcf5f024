import { signerFiles } from "../../trust/images/signer-files.ts";
import { requireNamedFiles, type NamedFile } from "../../content/named-files.ts";
import type { ChartRequest } from "./chart-request.ts";
import type { Recipe } from "./recipe.ts";
import { KeyPlaces } from "../../yaml/places.ts";

/**
 * Looks whether the files that a recipe names are there, before any registry is asked.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, with line and column
 */
export async function requireRecipeFiles(
  { charts, files, tools, from, policy }: Recipe,
  { bytes, path }: { readonly bytes: Buffer; readonly path: string },
): Promise<void> {
  const places = new KeyPlaces(bytes.toString("utf8"));
  await requireNamedFiles({ path, places }, [
    ...charts.flatMap(filesOfChart),
    ...files.map((file, index) => ({ path: file.path, at: ["files", index] })),
    ...tools.map((tool, index) => ({ path: tool.path, at: ["tools", index, "path"] })),
    ...from.map((bundle, index) => ({ path: bundle, at: ["from", index] })),
    ...signerFiles(policy),
  ]);
}

function filesOfChart(chart: ChartRequest, index: number): NamedFile[] {
  const at = ["charts", index];
  const values = (chart.valueSets ?? []).flatMap(({ files = [] }) => files);
  return [
    ...(chart.kind === "file" && chart.alias === undefined ? [{ path: chart.path, at }] : []),
    ...values.flatMap((path) =>
      typeof path === "string" ? [{ path, at: [...at, "values"] }] : [],
    ),
  ];
}
