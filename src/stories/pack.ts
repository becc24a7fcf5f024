import { assemble } from "../bundle/assemble.ts";
import { layOut } from "../bundle/contents.ts";
import type { ContentsDocument } from "../bundle/format.ts";
import { writeBundle, type WrittenBundle } from "../bundle/write-bundle.ts";
import { requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { foreseePush } from "../delivery/foresee.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { requireNames } from "../delivery/names.ts";
import { parseTarget } from "../delivery/plan.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import type { Finding } from "../finding.ts";
import { artifactsOf } from "../intake/artifacts.ts";
import { resolvedOf, type Ingredients } from "../intake/gather.ts";
import { withIngredients, type GatheringOptions } from "../intake/gathering.ts";
import { lockOf } from "../intake/lock-of.ts";
import { outlookOf, type Outlook } from "../intake/outlook.ts";
import { fromRegistries, nameBundle, planPack, type PackPlan } from "../intake/plan.ts";
import { pull } from "../intake/pull.ts";
import { vouchedFor } from "../intake/vouched.ts";
import { formatLock } from "../intake/recipe/lock.ts";
import { EPOCH } from "../intake/sources.ts";
import {
  missingBytes,
  openStock,
  requireRoom,
  type Stock,
  type StockOptions,
} from "../intake/stock.ts";
import { documentsOf, openStore, removeDamaged } from "../intake/store.ts";
import type { SigningKey } from "../trust/signing-command.ts";

export interface PackOptions extends GatheringOptions, StockOptions {
  /** File to write. @default NAME-VERSION.tar.gz */
  readonly output?: string | undefined;
  /** Replace a bundle that is there. @default false */
  readonly force?: boolean | undefined;
  /** Undefined leaves the bundle unsigned. */
  readonly signingKey?: SigningKey | undefined;
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
    const vouched = await vouchedFor(ingredients, recipe.policy);
    const stock = await openStock(nameBundle(ingredients, { recipe, output }), options, run);
    try {
      const download = await missingBytes(fromRegistries(ingredients), stock);
      const planned = planPack(ingredients, { recipe, output, lock: options.lock, download });
      const plan = { ...planned, findings: [...planned.findings, ...foreseen, ...vouched] };
      if (options.dryRun === true) return { plan, written: undefined, manifest: undefined };
      return { plan, ...(await build(plan, ingredients, { options, run, stock })) };
    } finally {
      await stock.close();
    }
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
  { options, run, stock }: Work,
): Promise<{ written: WrittenBundle; manifest: ContentsDocument }> {
  const { lockPath, force } = options;
  const { name, version, output, download, size } = plan;
  const { created = EPOCH, signingKey } = options;
  const { files, leftOut } = ingredients;
  const artifacts = artifactsOf(ingredients);
  const { skipped } = leftOut;
  const assembled = assemble({ name, version, created, artifacts, files, skipped });
  const contents = await layOut(assembled, signingKey, run.signal);
  await requireRoom(plan, stock, contents.entries);
  if (lockPath !== undefined) {
    await replaceFile(lockPath, Buffer.from(formatLock(lockOf(ingredients))));
  }
  const resolved = resolvedOf(ingredients);
  const store = stock.store && (await openStore(stock.store.directory));
  if (store !== undefined) await removeDamaged(documentsOf(resolved), store, run.signal);
  run.onEvent({ type: "stage", stage: "pack", bytes: download + size });
  const bring = pull(resolved, { ...stock, store }, run);
  // What a store has too is not worth a file of this size.
  const keepPart = store === undefined;
  const written = await writeBundle(output, contents, {
    mtime: created,
    force,
    keepPart,
    bring,
    ...run,
  });
  return { written, manifest: assembled.document };
}

interface Work {
  readonly options: PackOptions;
  readonly run: Run;
  readonly stock: Stock;
}
