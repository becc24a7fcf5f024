import { DistinctNames } from "../archive/entry-path.ts";
import { DrayError } from "../errors.ts";
import type { Adopted } from "../foreign/adopt.ts";
import type { ObtainedChart } from "./charts/obtain-chart.ts";
import type { Resolved } from "./resolve.ts";

/** @throws DrayError `DRAY_RECIPE_AMBIGUOUS` */
export function refuseDoubles(kind: string, names: readonly string[]): void {
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double === undefined) return;
  throw new DrayError("DRAY_RECIPE_AMBIGUOUS", `Cannot pack ${kind} ${double}: it is named twice`, {
    kind: "usage",
  });
}

/** Names that some file system cannot hold beside one another. @throws DrayError `DRAY_RECIPE_AMBIGUOUS` */
export function refuseFileNames(paths: readonly string[]): void {
  const names = new DistinctNames();
  for (const path of paths) {
    const problem = names.addFile(path);
    if (problem === undefined) continue;
    throw new DrayError("DRAY_RECIPE_AMBIGUOUS", `Cannot pack file ${path}: ${problem}`, {
      kind: "usage",
      hint: "Leave one out, or give it another name with `as` in bundle.yaml.",
    });
  }
}

/** The same thing may come from two places, but a name means one thing. */
export function refuseTwoMeanings(
  images: readonly Resolved[],
  charts: readonly ObtainedChart[],
  adopted: Adopted,
): void {
  const resolved = new Map(
    [...images, ...charts.map(({ artifact }) => artifact)].map(({ name, root }) => [name, root]),
  );
  for (const { reference, root } of adopted.artifacts) {
    const other = resolved.get(reference)?.descriptor.digest;
    if (other === undefined || other === root.descriptor.digest) continue;
    throw new DrayError(
      "DRAY_RECIPE_AMBIGUOUS",
      `Cannot pack ${reference}: it is ${other} in its registry and ${root.descriptor.digest} in what --from names`,
      { kind: "usage", hint: "Leave one out, or give it another name with --name." },
    );
  }
}

export function refuseNonDistributable(resolved: readonly Resolved[]): void {
  for (const { name, graph } of resolved) {
    const found = graph.findings.find(({ code }) => code === "LAYER_NOT_DISTRIBUTABLE");
    if (found === undefined) continue;
    throw new DrayError("DRAY_LAYER_NOT_DISTRIBUTABLE", `Cannot pack ${name}: ${found.message}`, {
      hint: "If you may carry it, pack it with --include-nondistributable.",
    });
  }
}

export function nothingAsked(): DrayError {
  return new DrayError("DRAY_RECIPE_EMPTY", "Cannot pack a bundle: nothing to put into it", {
    kind: "usage",
    hint: "Name images, charts or files, in a bundle.yaml or with --image, --chart, --file, --from.",
  });
}

export function twoFiles(path: string): DrayError {
  return new DrayError(
    "DRAY_RECIPE_AMBIGUOUS",
    `Cannot pack file ${path}: two files of this name have other contents`,
    { kind: "usage", hint: "Leave one out, or give it another name with `as` in bundle.yaml." },
  );
}
