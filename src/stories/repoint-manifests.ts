import { requireUsable } from "../bundle/opened.ts";
import { CarriedImages } from "../delivery/carried.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { parseTarget } from "../delivery/plan.ts";
import { startRun, type RunOptions } from "../events.ts";
import { announceWarnings } from "../finding.ts";
import { filterManifests, type FilteredManifests } from "../repoint/manifests/filter-manifests.ts";
import type { Rename } from "../repoint/manifests/rename-images.ts";
import { TargetNames } from "../repoint/names.ts";
import { withBundle, type BundleOptions } from "./open-bundle.ts";

export interface RepointManifestsOptions {
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** How names change on the way there, as a push has it. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  /** Change the names of what this bundle brings, and of nothing else. @default of all images */
  readonly bundle?: BundleOptions | undefined;
}

/**
 * Gives the images in manifests (YAML, one document or several) the names that a push gives them. Opens
 * no connection.
 *
 * @throws BundleRefused, DrayError `DRAY_TARGET_INVALID`, `DRAY_YAML_INVALID`
 */
export async function repointManifests(
  text: string,
  { target, mapping = {}, bundle: from }: RepointManifestsOptions,
  runOptions: RunOptions = {},
): Promise<FilteredManifests> {
  const destination = { target: parseTarget(target), mapping };
  const names = new TargetNames(destination);
  if (from === undefined) return filterManifests(text, (image) => names.of(image));
  const run = startRun(runOptions);
  const bundleOptions = { ...from, content: "readable", blobs: "elsewhere" } as const;
  return withBundle(bundleOptions, run, async (opened) => {
    const bundle = requireUsable(from.path, opened);
    announceWarnings(bundle.findings, run.onEvent);
    const carried = new CarriedImages(bundle.contents.artifacts, bundle.graph, destination);
    const rename: Rename = (image) => {
      const reason = carried.problemWith(image, []);
      return reason === undefined || names.isThere(image) ? names.of(image) : { reason };
    };
    return Promise.resolve(filterManifests(text, rename));
  });
}
