import { isBundleName } from "./bundle/format.ts";
import { DrayError } from "./errors.ts";
import { totalBytes, type Ingredients } from "./gather.ts";
import { missingBytes } from "./pull.ts";
import type { Lock } from "./recipe/lock.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { Resolved } from "./resolve.ts";

/** A digest that is another than somebody might expect. */
export interface DigestChange {
  readonly reference: string;
  readonly was: string;
  readonly is: string;
}

export interface PackPlan {
  readonly name: string;
  readonly version: string;
  readonly output: string;
  readonly contents: readonly PlannedPart[];
  /** Bytes that are not in the store yet. */
  readonly download: number;
  /** Bytes of all that goes in. */
  readonly size: number;
  /** Tags that mean something else than the lock says. */
  readonly moved: readonly DigestChange[];
  /** Images of which platforms were left out: was the digest of all, is the one packed. */
  readonly filtered: readonly DigestChange[];
}

export interface PlannedPart {
  readonly kind: "image" | "chart" | "file";
  readonly reference: string;
  readonly digest: string;
  readonly size: number;
  readonly platforms: readonly string[];
}

export interface PackPlanOptions {
  readonly recipe: Recipe;
  readonly output?: string | undefined;
  readonly store: string;
  readonly lock?: Lock | undefined;
}

/** Says what packing would do, before anything is done. */
export async function planPack(
  ingredients: Ingredients,
  options: PackPlanOptions,
): Promise<PackPlan> {
  const { images, remoteCharts, localCharts, files } = ingredients;
  const remote = [...images, ...remoteCharts];
  const { name, version } = identify(options.recipe, ingredients);
  return {
    name,
    version,
    output: options.output ?? `${name}-${version}.tar.gz`,
    contents: [
      ...images.map((image) => describe("image", image)),
      ...remoteCharts.map((chart) => describe("chart", chart)),
      ...localCharts.map(({ reference, oci, chart }) => ({
        kind: "chart" as const,
        reference,
        digest: oci.manifest.descriptor.digest,
        size: chart.size,
        platforms: [],
      })),
      ...files.map(({ path, descriptor: { digest, size } }) => ({
        kind: "file" as const,
        reference: path,
        digest,
        size,
        platforms: [],
      })),
    ],
    download: await missingBytes(remote, options.store),
    size: totalBytes(ingredients),
    moved: movedTags(remote, options.lock),
    filtered: images
      .filter(({ found, root }) => found.digest !== root.descriptor.digest)
      .map(({ name: reference, found, root }) => ({
        reference,
        was: found.digest,
        is: root.descriptor.digest,
      })),
  };
}

function describe(kind: "image" | "chart", { name, root }: Resolved): PlannedPart {
  const { digest } = root.descriptor;
  return { kind, reference: name, digest, size: root.size, platforms: root.platforms };
}

/** What the recipe says, else the one chart's own name and version. */
function identify(
  { name, version }: Recipe,
  { localCharts }: Ingredients,
): { name: string; version: string } {
  const [chart] = localCharts.length === 1 ? localCharts : [];
  const identity = {
    name: name ?? chart?.metadata.name ?? "bundle",
    version: version ?? chart?.metadata.version ?? "0.0.0",
  };
  for (const [field, value] of Object.entries(identity)) {
    if (isBundleName(value)) continue;
    throw new DrayError(
      "DRAY_RECIPE_INVALID",
      `Cannot use bundle ${field} ${JSON.stringify(value)}: expected letters, digits, dots, dashes, plus signs and underscores`,
      { kind: "usage" },
    );
  }
  return identity;
}

function movedTags(resolved: readonly Resolved[], lock: Lock | undefined): DigestChange[] {
  return resolved.flatMap(({ name, found }) => {
    const was = lock?.entries.get(name)?.digest;
    if (was === undefined || was === found.digest) return [];
    return [{ reference: name, was, is: found.digest }];
  });
}
