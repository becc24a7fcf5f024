import type { Artifact } from "../bundle/artifact.ts";
import { described, distinct } from "../bundle/assemble.ts";
import { Attempts } from "../delivery/attempts.ts";
import { choose } from "../delivery/choose.ts";
import { deliver } from "../delivery/deliver.ts";
import { destinationOf, type DeliveryOptions } from "../delivery/delivery-options.ts";
import { renamedCharts } from "../delivery/foresee.ts";
import { requireComplete, type DeliveryReport } from "../delivery/incomplete.ts";
import {
  deliverablesOf,
  formatTarget,
  planned,
  planPush,
  repositoriesOf,
  type RepositoryList,
} from "../delivery/plan.ts";
import type { Goods } from "../delivery/publish-charts.ts";
import { ReceiptFile } from "../delivery/receipt-file.ts";
import { PushRecord } from "../delivery/record.ts";
import { vouchedFor } from "../delivery/vouched.ts";
import { DrayError } from "../errors.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { artifactsOf } from "../intake/artifacts.ts";
import { resolvedOf, type Ingredients } from "../intake/gather.ts";
import { withIngredients, type GatheringOptions } from "../intake/gathering.ts";
import { planPack } from "../intake/plan.ts";
import type { Recipe } from "../intake/recipe/recipe.ts";
import { carriedFrom } from "../intake/vouched.ts";
import { parseReference } from "../oci/reference.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import { nothingCarried } from "../trust/images/root-file.ts";

/** `registry` is how the registries are reached that it comes from. */
export interface RecipeCopyOptions extends GatheringOptions, DeliveryOptions {
  /** What the recipe is called, for the receipt. @default "recipe" */
  readonly recipeName?: string | undefined;
  /** How the registry is reached that it goes to. */
  readonly targetRegistry?: RegistryAccess | undefined;
}

export interface CopyReport extends DeliveryReport {
  readonly name: string;
  readonly version: string;
}

/**
 * Brings what a recipe names from its registries into another, without a file between: gathered as by
 * `pack`, delivered as by `push`. Blobs stream from one to the other, and what is there is not fetched.
 *
 * @throws what `gather` throws; PolicyRefused; DrayError `DRAY_PLAN_INVALID`, `DRAY_PATTERN_UNUSED`,
 * `DRAY_PUSH_EMPTY`, `DRAY_TAG_CONFLICT`, `DRAY_PUSH_INCOMPLETE`, `DRAY_OUTPUT_REFUSED`
 */
export async function copyAll(
  options: RecipeCopyOptions,
  runOptions: RunOptions = {},
): Promise<CopyReport> {
  const run = startRun(runOptions);
  const { target } = destinationOf(options);
  const { receipt, dryRun = false, recipeName = "recipe" } = options;
  const prepared = receipt === undefined ? undefined : await ReceiptFile.prepare(receipt);
  const record = new PushRecord(recipeName, formatTarget(target));
  const writing = { file: dryRun ? undefined : prepared, record, run };
  return ReceiptFile.kept(writing, () =>
    withIngredients(options, run, (ingredients, recipe) =>
      carryOver(ingredients, recipe, { options, run, record }),
    ),
  );
}

/**
 * The repositories that a copy needs at its target, for whoever has to make them. The target is not asked.
 * @throws what `copyAll` throws before it sends anything
 */
export async function listCopiedRepositories(
  options: RecipeCopyOptions,
  runOptions: RunOptions = {},
): Promise<RepositoryList> {
  return withIngredients(options, startRun(runOptions), async (ingredients) =>
    repositoriesOf(goodsOf(ingredients, options).plan, destinationOf(options)),
  );
}

/** What every step of a copy needs. */
interface CopyWork {
  readonly options: RecipeCopyOptions;
  readonly run: Run;
  readonly record: PushRecord;
}

async function carryOver(
  ingredients: Ingredients,
  recipe: Recipe,
  { options, run, record }: CopyWork,
): Promise<CopyReport> {
  const { dryRun = false, lock } = options;
  const { registry } = destinationOf(options).target;
  const plan = planPack(ingredients, { recipe, output: undefined, lock, download: 0 });
  const { name, version } = plan;
  record.name({ name, version });
  const goods = goodsOf(ingredients, options);
  record.plan(goods.plan);
  const vouched = await vouchedFor(
    goods,
    { rules: recipe.policy, carried: carriedFrom(ingredients, recipe) },
    { rules: options.policy, carried: nothingCarried(NO_BUNDLE) },
  );
  if (ingredients.files.length > 0) run.onEvent(filesStay(ingredients.files.length));
  const pool = new RegistryPool(options.targetRegistry ?? {}, {
    side: "target",
    onEvent: run.onEvent,
  });
  try {
    noteNeighbors(ingredients, registry, pool);
    const steps = { attempts: new Attempts(record, "several"), record, run };
    const repositories = await deliver({ goods, registry, pool, steps }, options);
    const artifacts = record.artifacts();
    const report = {
      name,
      version,
      registry,
      dryRun,
      artifacts,
      repositories,
      totals: record.transfers.totals(),
      findings: [...plan.findings, ...vouched, ...renamedCharts(goods.plan, artifacts)],
    };
    requireComplete(report);
    return report;
  } finally {
    await pool.close();
  }
}

/** A target's policy trusts files of a bundle on the word of a key, which a copy has not. */
const NO_BUNDLE = "a copy goes without a bundle that somebody has signed";

function goodsOf(ingredients: Ingredients, options: RecipeCopyOptions): Goods {
  const destination = destinationOf(options);
  const artifacts = distinct(artifactsOf(ingredients));
  requireArtifacts(artifacts);
  const all = deliverablesOf(
    artifacts.map((one) => ({ artifact: described(one), root: one.root, source: one.source })),
  );
  const { chosen, leftOut } = choose(all, options, destination);
  const unsure = notWhollySearched(ingredients);
  return {
    plan: planPush(chosen, destination),
    leftOut: leftOut.map((one) => planned(one, destination)),
    imagesOf: async ({ reference, images }) =>
      unsure.has(reference) ? undefined : images?.map((image) => parseReference(image)),
  };
}

/** Whoever copies wants to find something there. */
function requireArtifacts(artifacts: readonly Artifact[]): void {
  if (artifacts.length > 0) return;
  throw new DrayError(
    "DRAY_PUSH_EMPTY",
    "Cannot copy: the recipe names no image and no chart, and nothing else goes into a registry",
    { kind: "usage", hint: "Name some under `images` or `charts`, or with --image or --chart." },
  );
}

/** Charts of which needed images may have been missed. */
function notWhollySearched({ charts, searched }: Ingredients): ReadonlySet<string> {
  const unsure = charts.filter((_, index) => searched[index]?.discovery.complete === false);
  return new Set(unsure.map(({ artifact }) => artifact.name));
}

/** What comes from the very registry that it goes to is linked there, and not moved at all. */
function noteNeighbors(ingredients: Ingredients, registry: string, pool: RegistryPool): void {
  const { blobPlaces } = pool.client(registry);
  for (const { home, root } of resolvedOf(ingredients)) {
    if (home?.client.registry !== registry) continue;
    for (const digest of root.blobs.keys()) blobPlaces.note(digest, home.repository);
  }
}

function filesStay(count: number): { type: "warning"; message: string } {
  const what = count === 1 ? "A plain file" : `${count} plain files`;
  return { type: "warning", message: `${what} of the recipe stay here: no registry takes them` };
}
