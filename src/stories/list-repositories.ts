import { requireUsable } from "../bundle/opened.ts";
import { choose } from "../delivery/choose.ts";
import { destinationOf, type DeliveryOptions } from "../delivery/delivery-options.ts";
import { deliverables, planPush, repositoriesOf, type RepositoryList } from "../delivery/plan.ts";
import { startRun, type RunOptions } from "../events.ts";
import { announceWarnings } from "../finding.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface RepositoryListOptions extends BundleOptions, DeliveryOptions {}

/**
 * The repositories that a bundle needs at its target, for whoever has to make them. Opens no connection.
 * @throws BundleRefused, DrayError `DRAY_PLAN_INVALID`, `DRAY_PATTERN_UNUSED`
 */
export async function listRepositories(
  options: RepositoryListOptions,
  runOptions: RunOptions = {},
): Promise<RepositoryList> {
  const { path } = options;
  const destination = destinationOf(options);
  const bundleOptions = { ...options, content: "readable", blobs: "elsewhere" } as const;
  const run = startRun(runOptions);
  return withBundle(bundleOptions, run, async (opened) => {
    const bundle = requireUsable(path, opened);
    announceWarnings(bundle.findings, run.onEvent);
    const { chosen } = choose(deliverables(bundle, bundle.source), options, destination);
    return repositoriesOf(planPush(chosen, destination), destination);
  });
}
