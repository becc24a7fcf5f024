import { assemble, type Assembled } from "../bundle/assemble.ts";
import { isAllThere, leaveOut, type Base, type Delta } from "../bundle/base.ts";
import { requireFree } from "../bundle/bundle-output.ts";
import { layOut, type BundleContents } from "../bundle/contents.ts";
import type { ContentsDocument } from "../bundle/format.ts";
import { sizeOfBundle } from "../bundle/open-partial.ts";
import { writeBundle, type WrittenBundle } from "../bundle/write-bundle.ts";
import { readBack, type ReadBackFrom } from "../content/check-written.ts";
import { requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { foreseePush } from "../delivery/foresee.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { requireNames } from "../delivery/names.ts";
import { parseTarget } from "../delivery/plan.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import type { Finding } from "../finding.ts";
import { artifactsOf } from "../intake/artifacts.ts";
import { nameBundle, usualOutputs } from "../intake/bundle-name.ts";
import { resolvedOf, type Ingredients } from "../intake/gather.ts";
import { withIngredients, type GatheringOptions } from "../intake/gathering.ts";
import { lockOf } from "../intake/lock-of.ts";
import { outlookOf, type Outlook } from "../intake/outlook.ts";
import { fromRegistries, planPack, type PackPlan } from "../intake/plan.ts";
import { deltaOf } from "../intake/planned-delta.ts";
import { pull } from "../intake/pull.ts";
import { vouchedFor } from "../intake/vouched.ts";
import { formatLock } from "../intake/recipe/lock.ts";
import type { Recipe } from "../intake/recipe/recipe.ts";
import { EPOCH } from "../intake/sources.ts";
import { requireOutput, requireRoom } from "../intake/room.ts";
import { missingBytes, openStock, type Stock, type StockOptions } from "../intake/stock.ts";
import { documentsOf, openStore, removeDamaged } from "../intake/store.ts";
import { ownFiles, requireNotPacked, type IsOwnFile } from "../intake/own-files.ts";
import type { SigningKey } from "../trust/signing-command.ts";
import { openBase } from "./open-base.ts";

export interface PackOptions extends GatheringOptions, StockOptions {
  /** File to write. @default NAME-VERSION.tar.gz */
  readonly output?: string | undefined;
  /**
   * What is on the other side already: bundles, receipts, inventories. What they have stays behind, and
   * if that is all, no bundle is written.
   */
  readonly since?: readonly string[] | undefined;
  /** Bytes of each of the parts that it is written in, where it is larger. @default as the recipe says, else one file */
  readonly split?: number | undefined;
  /** Read back what was written, past the memory of the system, and compare. @default false */
  readonly checkWritten?: boolean | undefined;
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
  /** Undefined after a dry run, and where nothing is new: `plan.delta` says so. */
  readonly written: WrittenBundle | undefined;
  /** Bytes of the file that a dry run would write, its signature not counted. */
  readonly fileSize?: number | undefined;
  /** Where it was read back from, if it was. */
  readonly readBackFrom?: ReadBackFrom | undefined;
  readonly manifest: ContentsDocument | undefined;
}

/** Gathers what a recipe names and writes it as one bundle. It fails rather than leave a hole. */
export async function pack(options: PackOptions, runOptions: RunOptions = {}): Promise<PackResult> {
  const run = startRun(runOptions);
  const { output } = options;
  // What is written wrong is said before anything is asked of anybody.
  if (options.target !== undefined) parseTarget(options.target);
  if (output !== undefined) await requireOutput(output);
  if (options.lockPath !== undefined) await requirePlace(options.lockPath, "lock");
  const bases: Base[] = [];
  for (const path of options.since ?? []) {
    bases.push(await openBase(path, options.mapping ?? {}, run));
  }
  const isOwnFile = await filesOf(options);
  return withIngredients({ ...options, isOwnFile }, run, async (ingredients, recipe) => {
    const foreseen = foresee(outlookOf(ingredients), options);
    const vouched = await vouchedFor(ingredients, recipe);
    const { assembled, delta } = assembleSince(ingredients, { recipe, bases, options });
    const naming = { recipe, output, isDelta: delta !== undefined };
    const stock = await openStock(nameBundle(ingredients, naming), options, run);
    try {
      const needed = fromRegistries(ingredients);
      const download = await missingBytes(needed, { ...stock, leftOut: delta?.leftOut });
      const planned = planPack(ingredients, { ...naming, lock: options.lock, download });
      const plan = {
        ...planned,
        ...deltaOf(planned, delta, { bases, isNew: !isAllThere(assembled, bases) }),
        findings: [...planned.findings, ...foreseen, ...vouched],
      };
      const nothing = { plan, written: undefined, manifest: undefined };
      if (plan.delta?.isNew === false) return nothing;
      const work = { recipe, options, run, stock, delta, assembled };
      if (options.dryRun === true) {
        const { entries } = await contentsFor(plan, work, undefined);
        return { ...nothing, fileSize: sizeOfBundle(entries) };
      }
      return { plan, ...(await build(plan, ingredients, work)) };
    } finally {
      await stock.close();
    }
  });
}

/** What a run of this kind writes, as far as that is known before anything is read. */
function filesOf({ recipe, output, lockPath }: PackOptions): Promise<IsOwnFile> {
  const bundles = output === undefined ? usualOutputs(recipe) : [output];
  return ownFiles(bundles, lockPath === undefined ? [] : [lockPath]);
}

/** What goes in, and what of it the other side has. */
function assembleSince(
  ingredients: Ingredients,
  {
    recipe,
    bases,
    options: { created = EPOCH, output },
  }: { recipe: Recipe; bases: readonly Base[]; options: PackOptions },
): { readonly assembled: Assembled; readonly delta: Delta | undefined } {
  const { name, version } = nameBundle(ingredients, { recipe, output });
  const artifacts = artifactsOf(ingredients);
  const {
    files,
    leftOut: { skipped },
  } = ingredients;
  const assembled = assemble({ name, version, created, artifacts, files, skipped });
  return { assembled, delta: leaveOut(assembled, artifacts, bases) };
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
  work: Work,
): Promise<Omit<PackResult, "plan">> {
  const { assembled, delta, options, run, stock } = work;
  const { lockPath, force, checkWritten = false } = options;
  const split = partSizeOf(work);
  const { output } = plan;
  const { created = EPOCH, signingKey } = options;
  const contents = await contentsFor(plan, work, signingKey);
  if (lockPath !== undefined) {
    await replaceFile(lockPath, Buffer.from(formatLock(lockOf(ingredients))));
  }
  const resolved = resolvedOf(ingredients);
  const store = stock.store && (await openStore(stock.store.directory));
  if (store !== undefined) await removeDamaged(documentsOf(resolved), store, run.signal);
  const bring = pull(resolved, { ...stock, store, leftOut: delta?.leftOut }, run);
  // What a store has too is not worth a file of this size.
  const keepPart = store === undefined;
  try {
    const writing = { mtime: created, force, keepPart, bring, split, ...run };
    const written = await writeBundle(output, contents, writing);
    const readBackFrom = checkWritten ? await readBack(written.parts, run) : undefined;
    return { written, manifest: assembled.document, readBackFrom };
  } catch (error) {
    if (store !== undefined) run.onEvent({ type: "kept", path: store.directory });
    throw error;
  }
}

/** What is to be written, once it is sure that its place is free and has room. */
async function contentsFor(
  plan: PackPlan,
  work: Work,
  signingKey: SigningKey | undefined,
): Promise<BundleContents> {
  const { assembled, delta, options, run, stock } = work;
  const split = partSizeOf(work);
  await requireOutput(plan.output);
  await requireNotPacked(plan.output, work.recipe.files);
  const contents = await layOut(assembled, signingKey, { signal: run.signal, delta });
  await requireRoom(plan, stock, { entries: contents.entries, split });
  const size = sizeOfBundle(contents.entries);
  await requireFree(plan.output, { size, split, force: options.force });
  return contents;
}

function partSizeOf({ options, recipe }: Work): number | undefined {
  return options.split ?? recipe.split;
}

interface Work {
  readonly recipe: Recipe;
  readonly assembled: Assembled;
  readonly delta: Delta | undefined;
  readonly options: PackOptions;
  readonly run: Run;
  readonly stock: Stock;
}
