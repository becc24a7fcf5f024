import { join } from "node:path";
import type { Run } from "../events.ts";
import type { KnownRepositories } from "../remote/chart-repository/repository-login.ts";
import type { ChartRepositories } from "../remote/chart-repository/chart-repositories.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import type { MirrorRule } from "./mirrors/mirror-rule.ts";
import type { SourceRegistries } from "./mirrors/source-registries.ts";
import type { Lock } from "./recipe/lock.ts";

/** Directory of the store for the indexes of chart repositories. */
const INDEXES_DIRECTORY = "chart-indexes";

/** The time stamp of what is made, where nobody says another. */
export const EPOCH: Date = new Date(0);

/** Where images and charts are had from, and under which conditions. What speaks to them is loaded for who asks. */
export interface Sources {
  readonly registries: () => Promise<SourceRegistries>;
  readonly repositories: () => Promise<ChartRepositories>;
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
  /** As it is, or who says it when the first is asked: what is at hand needs none. */
  readonly registry?: RegistryAccess | (() => Promise<RegistryAccess>) | undefined;
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
  const { store, created = EPOCH, lock, chartRoot, mirrors = [] } = options;
  const { onEvent } = run;
  let asked: Promise<RegistryAccess> | undefined;
  const access = (): Promise<RegistryAccess> => (asked ??= accessOf(options));
  const registries = opened(async () => {
    const { SourceRegistries: Registries } = await import("./mirrors/source-registries.ts");
    return new Registries(await access(), mirrors, onEvent);
  });
  const repositories = opened(async () => {
    const { ChartRepositories: Repositories } =
      await import("../remote/chart-repository/chart-repositories.ts");
    const cache = store && join(store, INDEXES_DIRECTORY);
    const { repositories: known } = options;
    return new Repositories(await access(), { known, cache, onEvent });
  });
  const close = async (): Promise<void> => {
    await registries.close();
    await repositories.close();
  };
  return {
    registries: registries.get,
    repositories: repositories.get,
    store,
    created,
    chartRoot,
    lock,
    run,
    close,
  };
}

/** What a user says about registries. */
export async function accessOf({ registry = {} }: ChartAccess): Promise<RegistryAccess> {
  return typeof registry === "function" ? registry() : registry;
}

/** What is opened once, for the first who wants it. */
function opened<T extends { close(): Promise<void> }>(
  open: () => Promise<T>,
): { get: () => Promise<T>; close: () => Promise<void> } {
  let opening: Promise<T> | undefined;
  return {
    get: () => (opening ??= open()),
    async close() {
      // Whoever wanted it has heard why it could not be opened.
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
