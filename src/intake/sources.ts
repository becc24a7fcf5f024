import { join } from "node:path";
import type { Run } from "../events.ts";
import type { KnownRepositories } from "../remote/chart-repository/repository-login.ts";
import { ChartRepositories } from "../remote/chart-repository/chart-repositories.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import type { MirrorRule } from "./mirrors/mirror-rule.ts";
import { SourceRegistries } from "./mirrors/source-registries.ts";
import type { Lock } from "./recipe/lock.ts";

/** Directory of the store for the indexes of chart repositories. */
const INDEXES_DIRECTORY = "chart-indexes";

/** The time stamp of what is made, where nobody says another. */
export const EPOCH: Date = new Date(0);

/** Where images and charts are had from, and under which conditions. */
export interface Sources {
  readonly registries: SourceRegistries;
  readonly repositories: ChartRepositories;
  /** Directory of the content store, if there is one: what is in it is not downloaded again. */
  readonly store: string | undefined;
  /** Time stamp of what has to be made: artifacts, and archives of directories. */
  readonly created: Date;
  /** Directory that has all that the directories of charts may lead to. @default their own alone */
  readonly chartRoot: string | undefined;
  /** Versions and digests to use instead of asking what is newest. */
  readonly lock: Lock | undefined;
  readonly run: Run;
  close(): Promise<void>;
}

/** Under which conditions registries and chart repositories let somebody in. */
export interface ChartAccess {
  readonly registry?: RegistryAccess | undefined;
  readonly repositories?: KnownRepositories | undefined;
  /** Directory that has all that the directories of charts may lead to. @default their own alone */
  readonly chartRoot?: string | undefined;
  /** Where registries' content comes from instead. @default from where its names say */
  readonly mirrors?: readonly MirrorRule[] | undefined;
}

export interface SourcesOptions extends ChartAccess {
  readonly store?: string | undefined;
  readonly created?: Date | undefined;
  readonly lock?: Lock | undefined;
}

/** Connects to nothing yet. */
export function openSources(options: SourcesOptions, run: Run): Sources {
  const { registry = {}, repositories: known, store, created = EPOCH, lock } = options;
  const { chartRoot, mirrors = [] } = options;
  const { onEvent } = run;
  const registries = new SourceRegistries(registry, mirrors, onEvent);
  const cache = store && join(store, INDEXES_DIRECTORY);
  const repositories = new ChartRepositories(registry, { known, cache, onEvent });
  const close = async (): Promise<void> => {
    await registries.close();
    await repositories.close();
  };
  return { registries, repositories, store, created, chartRoot, lock, run, close };
}
