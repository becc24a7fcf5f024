import { assemble } from "../bundle/assemble.ts";
import { layOut } from "../bundle/contents.ts";
import type { ContentsDocument } from "../bundle/format.ts";
import { writeBundle, type WrittenBundle } from "../bundle/write-bundle.ts";
import { EPOCH } from "../intake/sources.ts";
import { foreseePush } from "../delivery/foresee.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { requireNames } from "../delivery/names.ts";
import { parseTarget } from "../delivery/plan.ts";
import type { Finding } from "../finding.ts";
import { outlookOf, type Outlook } from "../intake/outlook.ts";
import { requireSpace } from "../content/disk-space.ts";
import { isMismatch } from "../content/verify.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { artifactsOf } from "../intake/artifacts.ts";
import type { Ingredients } from "../intake/gather.ts";
import { withIngredients, type GatheringOptions } from "../intake/gathering.ts";
import { requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { lockOf } from "../intake/lock-of.ts";
import { fromRegistries, planPack, type PackPlan } from "../intake/plan.ts";
import { Pull } from "../intake/pull.ts";
import { formatLock } from "../intake/recipe/lock.ts";
import { documentsOf, missingBytes, openStore, reachable, removeDamaged } from "../intake/store.ts";
import type { PrivateKey } from "../trust/keys.ts";

export interface PackOptions extends GatheringOptions {
  /** File to write. @default NAME-VERSION.tar.gz */
  readonly output?: string | undefined;
  /** Replace a bundle that is there. @default false */
  readonly force?: boolean | undefined;
  /** Undefined leaves the bundle unsigned. */
  readonly signingKey?: PrivateKey | undefined;
  /** Where the digests of this run are written; undefined for nowhere. */
  readonly lockPath?: string | undefined;
  /** `REGISTRY[/PREFIX]` that it will be pushed to: names that cannot be there fail now. */
  readonly target?: string | undefined;
  /** How names will change on the way there. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Resolve and report, write nothing. @default false */
  readonly dryRun?: boolean | undefined;
}

export interface PackResult {
  readonly plan: PackPlan;
  /** Undefined after a dry run. */
  readonly written: WrittenBundle | undefined;
  readonly manifest: ContentsDocument | undefined;
}

/** Gathers what a recipe names and writes it as one bundle. It fails rather than leave a hole. */
export async function pack(options: PackOptions, runOptions: RunOptions = {}): Promise<PackResult> {
  const run = startRun(runOptions);
  const { output } = options;
  // What is written wrong is said before anything is asked of anybody.
  if (options.target !== undefined) parseTarget(options.target);
  if (output !== undefined) await requirePlace(output, "bundle");
  if (options.lockPath !== undefined) await requirePlace(options.lockPath, "lock");
  return withIngredients(options, run, async (ingredients, recipe) => {
    const foreseen = foresee(outlookOf(ingredients), options);
    const download = await missingBytes(fromRegistries(ingredients), options.store);
    const planned = planPack(ingredients, { recipe, output, lock: options.lock, download });
    const plan = { ...planned, findings: [...planned.findings, ...foreseen] };
    if (options.dryRun === true) return { plan, written: undefined, manifest: undefined };
    return { plan, ...(await build(plan, ingredients, { options, run })) };
  });
}

/** What can be said of a push already; where its target is known, it has to be possible. */
function foresee(outlook: readonly Outlook[], { target, mapping = {} }: PackOptions): Finding[] {
  if (target === undefined) return foreseePush(outlook);
  requireNames(outlook, { target: parseTarget(target), mapping });
  return [];
}

async function build(
  plan: PackPlan,
  ingredients: Ingredients,
  { options, run }: { options: PackOptions; run: Run },
): Promise<{ written: WrittenBundle; manifest: ContentsDocument }> {
  await requireSpace([
    { path: options.store, bytes: plan.download, purpose: "store" },
    { path: plan.output, bytes: plan.size, purpose: "bundle" },
  ]);
  if (options.lockPath !== undefined) {
    await replaceFile(options.lockPath, Buffer.from(formatLock(lockOf(ingredients))));
  }
  const store = await openStore(options.store);
  const work = { plan, ingredients, options, run };
  const { images, charts, referrers } = ingredients;
  const resolved = [...images, ...charts.map(({ artifact }) => artifact), ...referrers];
  await removeDamaged(documentsOf(resolved), store, run.signal);
  for (let isHealed = false; ; isHealed = true) {
    run.onEvent({ type: "stage", stage: "pack", bytes: plan.download + plan.size });
    const pull = new Pull(resolved, store, run);
    try {
      return await writeWhilePulling(pull, work);
    } catch (error) {
      if (!isMismatch(error) || isHealed || pull.hasFailed) throw error;
      // The disk has changed what an earlier run stored: fetch that again, and only that.
      if ((await removeDamaged(reachable(resolved), store, run.signal)) === 0) throw error;
    }
  }
}

interface Build {
  readonly plan: PackPlan;
  readonly ingredients: Ingredients;
  readonly options: PackOptions;
  readonly run: Run;
}

async function writeWhilePulling(
  pull: Pull,
  { plan, ingredients, options, run }: Build,
): Promise<{ written: WrittenBundle; manifest: ContentsDocument }> {
  const { created = EPOCH, signingKey, force } = options;
  try {
    const { name, version } = plan;
    const artifacts = artifactsOf(ingredients, () => pull);
    const { files, leftOut } = ingredients;
    const { skipped } = leftOut;
    const assembled = assemble({ name, version, created, artifacts, files, skipped });
    const contents = await layOut(assembled, signingKey);
    const written = await writeBundle(plan.output, contents, { mtime: created, force, ...run });
    return { written, manifest: assembled.document };
  } catch (error) {
    pull.stop(error);
    throw error;
  } finally {
    await pull.finished.catch(() => undefined);
  }
}
