import { requireUsable } from "../bundle/opened.ts";
import { choose } from "../delivery/choose.ts";
import { destinationOf, type DeliveryOptions } from "../delivery/delivery-options.ts";
import { deliverables, planPush } from "../delivery/plan.ts";
import { startRun, type RunOptions } from "../events.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface RepositoryListOptions extends BundleOptions, DeliveryOptions {}

export interface RepositoryList {
  readonly registry: string;
  /** In alphabetical order, each once. */
  readonly repositories: readonly string[];
}

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
  const bundleOptions = { ...options, content: "readable" } as const;
  return withBundle(bundleOptions, startRun(runOptions), async (opened) => {
    const bundle = requireUsable(path, opened);
    const { chosen } = choose(deliverables(bundle, bundle.source), options, destination);
    const names = new Set(planPush(chosen, destination).map(({ repository }) => repository));
    return { registry: destination.target.registry, repositories: [...names].toSorted() };
  });
}
