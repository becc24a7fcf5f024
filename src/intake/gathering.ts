import type { ProvenanceOptions } from "../chart/provenance/check-provenance.ts";
import type { DiscoverySettings } from "../discover/find-images.ts";
import type { Run } from "../events.ts";
import type { Platform } from "../oci/platform.ts";
import type { TrustPolicy } from "../trust/policy.ts";
import { withPacked, type Packed } from "./from.ts";
import { gather, type GatherOptions, type Ingredients } from "./gather.ts";
import { outlookOf, requirePlatforms } from "./outlook.ts";
import { lockOf } from "./lock-of.ts";
import { requireWhole, type Lock } from "./recipe/lock.ts";
import { NOTHING, type Recipe } from "./recipe/recipe.ts";
import { settledBy } from "./recipe/skip.ts";
import { openSources, type ChartAccess } from "./sources.ts";
import type { IsOwnFile } from "./own-files.ts";
import { withFolders } from "./with-folders.ts";

/** What somebody says of what is to be gathered, whatever becomes of it. */
export interface GatheringOptions extends ChartAccess {
  /** How the images of charts are looked for. */
  readonly discovery?: DiscoverySettings | undefined;
  /** Fail where a needed image of a chart may have been missed. @default false */
  readonly strictImages?: boolean | undefined;
  /** What is left out of it is empty. */
  readonly recipe: Partial<Recipe>;
  /** Directory of a content store: what is in it is not downloaded again. @default none */
  readonly store?: string | undefined;
  /** Whose signature a bundle of dray needs that goes in. @default nobody is trusted, and so no bundle */
  readonly trust?: (() => Promise<TrustPolicy>) | undefined;
  /** Digests from an earlier run: used instead of tags if `locked`, else only compared. */
  readonly lock?: Lock | undefined;
  /** @default false */
  readonly locked?: boolean | undefined;
  /** Time stamp of everything that needs one. @default the beginning of 1970 */
  readonly created?: Date | undefined;
  /** Take layers that their license keeps out of other registries. @default false */
  readonly includeNonDistributable?: boolean | undefined;
  /** How much the signatures of charts count. */
  readonly provenance?: ProvenanceOptions | undefined;
  /** Platforms that every image must have. @default none */
  readonly requirePlatforms?: readonly Platform[] | undefined;
}

interface OwnOutput {
  /** True of what this run writes, which folders that are packed leave out. @default nothing */
  readonly isOwnFile?: IsOwnFile | undefined;
}

/**
 * Gathers what a recipe names, and hands it on for as long as all that it comes from is open.
 * @throws what `gather` throws, DrayError `DRAY_LOCK_MISSING`, `DRAY_PLATFORM_MISSING`
 */
export async function withIngredients<T>(
  options: GatheringOptions & OwnOutput,
  run: Run,
  use: (ingredients: Ingredients, recipe: Recipe) => Promise<T>,
): Promise<T> {
  const { registry, repositories, store, created } = options;
  const { recipe, findings } = await withFolders(
    { ...NOTHING, ...options.recipe },
    options.isOwnFile ?? (() => false),
  );
  const mirrors = [...(options.mirrors ?? []), ...recipe.mirrors];
  const lock = options.locked === true ? options.lock : undefined;
  const { chartRoot } = recipe;
  const connections = { registry, repositories, mirrors };
  const sources = openSources({ ...connections, chartRoot, store, created, lock }, run);
  try {
    return await withPacked(recipe.from, { trust: options.trust, run }, async (packed) => {
      const ingredients = await gather(recipe, sources, choicesOf(options, packed));
      if (lock !== undefined) requireWhole(lock, lockOf(ingredients));
      requirePlatforms(outlookOf(ingredients), options.requirePlatforms ?? []);
      const remarks = [...findings, ...ingredients.findings];
      return use({ ...ingredients, findings: remarks }, recipe);
    });
  } finally {
    await sources.close();
  }
}

function choicesOf(options: GatheringOptions, packed: Packed): GatherOptions {
  const { recipe, discovery, strictImages, provenance, includeNonDistributable } = options;
  return {
    packed,
    discovery: {
      ...discovery,
      kubeVersion: discovery?.kubeVersion ?? recipe.kubeVersion,
      apiVersions: [...(recipe.apiVersions ?? []), ...(discovery?.apiVersions ?? [])],
      settled: settledBy(recipe.skip ?? []),
    },
    strictImages: strictImages === true,
    provenance: provenance ?? {},
    includeNonDistributable: includeNonDistributable === true,
  };
}
