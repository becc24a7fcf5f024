import { writeFile } from "node:fs/promises";
import { assemble, type Part } from "./assemble.ts";
import { layOut, type BundleParts, type PlainFile } from "./bundle/contents.ts";
import type { BundleManifest } from "./bundle/format.ts";
import { writeBundle, type WrittenBundle } from "./bundle/write.ts";
import type { Source } from "./content/content.ts";
import { requireSpace } from "./disk-space.ts";
import { DrayError } from "./errors.ts";
import type { Listener } from "./events.ts";
import { gather, type Ingredients } from "./gather.ts";
import { ImageLayout } from "./layout/layout.ts";
import {
  blobsOfChart,
  chartArtifact,
  chartFiles,
  describePulledChart,
  localChartRoot,
  storeLocalChart,
} from "./pack-charts.ts";
import { planPack, type PackPlan } from "./pack-plan.ts";
import { Pull, reachable, removeDamaged } from "./pull.ts";
import { formatLock, type Lock } from "./recipe/lock.ts";
import type { Recipe } from "./recipe/recipe.ts";
import type { RegistryOptions } from "./registry/client.ts";
import { RegistryPool } from "./registry/pool.ts";
import type { Resolved } from "./resolve.ts";
import type { PrivateKey } from "./trust/keys.ts";

export interface PackOptions {
  readonly recipe: Recipe;
  /** File to write. @default NAME-VERSION.tar.gz */
  readonly output?: string | undefined;
  /** Replace a bundle that is there. @default false */
  readonly force?: boolean | undefined;
  /** Directory of the content store: what is in it is not downloaded again. */
  readonly store: string;
  /** Undefined leaves the bundle unsigned. */
  readonly signingKey?: PrivateKey | undefined;
  /** Digests from an earlier run: used instead of tags if `locked`, else only compared. */
  readonly lock?: Lock | undefined;
  /** @default false */
  readonly locked?: boolean | undefined;
  /** Where the digests of this run are written; undefined for nowhere. */
  readonly lockPath?: string | undefined;
  /** Time stamp of everything that needs one. */
  readonly created: Date;
  /** Pack layers that their licence keeps out of other registries. @default false */
  readonly includeNonDistributable?: boolean | undefined;
  /** Resolve and report, write nothing. @default false */
  readonly dryRun?: boolean | undefined;
  readonly registry?: Omit<RegistryOptions, "side" | "onEvent"> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

export interface PackResult {
  readonly plan: PackPlan;
  /** Undefined after a dry run. */
  readonly written: WrittenBundle | undefined;
  readonly manifest: BundleManifest | undefined;
}

/** Gathers what a recipe names and writes it as one bundle. It fails rather than leave a hole. */
export async function pack(options: PackOptions): Promise<PackResult> {
  const pool = new RegistryPool({ ...options.registry, side: "source", onEvent: options.onEvent });
  try {
    const ingredients = await gather(options.recipe, {
      ...options,
      pool,
      lock: options.locked === true ? options.lock : undefined,
      includeNonDistributable: options.includeNonDistributable === true,
    });
    const plan = await planPack(ingredients, options);
    if (options.dryRun === true) return { plan, written: undefined, manifest: undefined };
    return { plan, ...(await build(plan, ingredients, { ...options, pool })) };
  } finally {
    await pool.close();
  }
}

async function build(
  plan: PackPlan,
  ingredients: Ingredients,
  options: PackOptions & { pool: RegistryPool },
): Promise<{ written: WrittenBundle; manifest: BundleManifest }> {
  await requireSpace([
    { path: options.store, bytes: plan.download, purpose: "store" },
    { path: plan.output, bytes: plan.size, purpose: "bundle" },
  ]);
  const remote = [...ingredients.images, ...ingredients.remoteCharts];
  if (options.lockPath !== undefined) await writeFile(options.lockPath, formatLock(lockOf(remote)));
  const store = await ImageLayout.create(options.store);
  const work = { plan, ingredients, options, store };
  for (let isHealed = false; ; isHealed = true) {
    await bringCharts(work);
    options.onEvent?.({ type: "stage", stage: "pack", bytes: plan.download + plan.size });
    const pull = new Pull(remote, store, options);
    try {
      return await writeWhilePulling(pull, work);
    } catch (error) {
      const isDamage = error instanceof DrayError && error.code === "DRAY_CONTENT_MISMATCH";
      if (!isDamage || isHealed || pull.failure !== undefined) throw error;
      // The disk has changed what an earlier run stored: fetch that again, and only that.
      const blobs = [...reachable(remote), ...ingredients.localCharts.flatMap(blobsOfChart)];
      if ((await removeDamaged(blobs, store)) === 0) throw error;
    }
  }
}

interface Build {
  readonly plan: PackPlan;
  readonly ingredients: Ingredients;
  readonly options: PackOptions & { pool: RegistryPool };
  readonly store: ImageLayout;
}

/** A chart's own name is inside it, and the list of contents needs that name. */
async function bringCharts({ ingredients, options, store }: Build): Promise<void> {
  for (const chart of ingredients.localCharts) await storeLocalChart(chart, store);
  await new Pull(ingredients.remoteCharts, store, options).finished;
}

async function writeWhilePulling(
  pull: Pull,
  { plan, ingredients, options, store }: Build,
): Promise<{ written: WrittenBundle; manifest: BundleManifest }> {
  const { created, signingKey } = options;
  try {
    const parts = await partsOf(plan, ingredients, { store, source: pull, created });
    const contents = await layOut(parts, signingKey);
    const written = await writeBundle(plan.output, contents, { ...options, mtime: created });
    return { written, manifest: parts.manifest };
  } catch (error) {
    pull.stop(error);
    throw error;
  } finally {
    await pull.finished.catch(() => undefined);
  }
}

async function partsOf(
  { name, version }: PackPlan,
  { images, remoteCharts, localCharts, files }: Ingredients,
  { store, source, created }: { store: ImageLayout; source: Source; created: Date },
): Promise<BundleParts> {
  const parts: Part[] = images.map(({ name: reference, root, graph }) => ({
    reference,
    root,
    metadata: graph.metadata,
  }));
  const plain: PlainFile[] = [];
  for (const resolved of remoteCharts) {
    const chart = await describePulledChart(resolved, store);
    const { root, graph } = resolved;
    parts.push({
      reference: resolved.name,
      root,
      metadata: graph.metadata,
      more: chartArtifact(chart),
    });
    plain.push(...chartFiles(chart, store));
  }
  for (const chart of localCharts) {
    const { root, metadata } = await localChartRoot(chart);
    parts.push({ reference: chart.reference, root, metadata, more: chartArtifact(chart) });
    plain.push(...chartFiles(chart, store));
  }
  return assemble({ name, version, created, parts, plain, files, source });
}

function lockOf(resolved: readonly Resolved[]): Lock {
  return { entries: new Map(resolved.map(({ name, found }) => [name, found])) };
}
