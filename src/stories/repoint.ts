import { requireUsable } from "../bundle/opened.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { parseTarget } from "../delivery/plan.ts";
import { presenceByAsking, presenceByReceipt } from "../delivery/presence.ts";
import { readReceipt } from "../delivery/receipt-file.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { prepareRepoint, repointBundle, type RepointReport } from "../repoint/repoint-bundle.ts";
import type { RepointTerms } from "../repoint/repoint-terms.ts";
import type { AskPresence } from "../repoint/repoint-bundled.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface RepointOptions extends BundleOptions, RepointTerms {
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** How names change on the way there, as a push has it. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** File that a push has written: what it brought is there. */
  readonly receipt?: string | undefined;
  /** Ask the registry what it has. */
  readonly ask?: RegistryAccess | undefined;
}

/**
 * Writes for each chart of a bundle the values with which it pulls its images from the target, and
 * the proof: what each image is called in a rendering with these values. Opens no connection unless
 * it is told to ask.
 *
 * @throws BundleRefused, DrayError `DRAY_TARGET_INVALID`, `DRAY_CHART_MISSING`,
 * `DRAY_CHART_AMBIGUOUS`, `DRAY_OUTPUT_REFUSED`
 */
export async function repoint(
  options: RepointOptions,
  runOptions: RunOptions = {},
): Promise<RepointReport> {
  const run = startRun(runOptions);
  const destination = { target: parseTarget(options.target), mapping: options.mapping ?? {} };
  const ask = await whoToAsk(options, run);
  return withBundle(
    { ...options, content: "readable", blobs: "elsewhere" },
    run,
    async (opened) => {
      const bundle = requireUsable(options.path, opened);
      const prepared = await prepareRepoint(options, destination, bundle);
      return repointBundle(prepared, options.path, { ask, run });
    },
  );
}

/** The registry itself, a receipt, or nobody. */
async function whoToAsk({ receipt, ask }: RepointOptions, run: Run): Promise<AskPresence> {
  if (ask !== undefined) {
    return (images, wanted) => presenceByAsking(images, { access: ask, wanted }, run);
  }
  if (receipt === undefined) return () => Promise.resolve(new Map());
  const known = await readReceipt(receipt);
  return (images, wanted) => Promise.resolve(presenceByReceipt(images, known, wanted));
}
