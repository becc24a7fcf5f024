import { join } from "node:path";
import type { KnownRepositories } from "../../remote/chart-repository/repository-login.ts";
import { ChartRepositories } from "../../remote/chart-repository/repositories.ts";
import type { Listener } from "../../events.ts";
import type { ChartPin, Lock } from "../recipe/lock.ts";
import type { RegistryAccess } from "../../remote/registry/client.ts";
import { RegistryPool } from "../../remote/registry/pool.ts";
import type { Resolved } from "../resolve.ts";

/** Directory of the store for the indexes of chart repositories. */
const INDEXES_DIRECTORY = "chart-indexes";

/** Where charts are had from, and under which conditions. */
export interface ChartSources {
  readonly pool: RegistryPool;
  readonly repositories: ChartRepositories;
  /** Directory of the content store: what is in it is not downloaded again. */
  readonly store: string;
  /** Time stamp of what has to be made: artifacts, and archives of directories. */
  readonly created: Date;
  /** Versions and digests to use instead of asking what is newest. */
  readonly lock: Lock | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
  close(): Promise<void>;
}

export interface ChartSourcesOptions
  extends Omit<ChartSources, "pool" | "repositories" | "close">, ChartAccess {}

/** Under which conditions registries and chart repositories let somebody in. */
export interface ChartAccess {
  readonly registry?: RegistryAccess | undefined;
  readonly repositories?: KnownRepositories | undefined;
}

/** Connects to nothing yet. */
export function openChartSources(options: ChartSourcesOptions): ChartSources {
  const { registry = {}, repositories: known, store, onEvent } = options;
  const pool = new RegistryPool(registry, { side: "source", onEvent });
  const cache = join(store, INDEXES_DIRECTORY);
  const repositories = new ChartRepositories(registry, { known, cache, onEvent });
  const close = async (): Promise<void> => {
    await pool.close();
    await repositories.close();
  };
  return { ...options, pool, repositories, close };
}

/** A chart as it was found, nothing of it looked at but its files. */
export interface FoundChart {
  /** What messages call it. */
  readonly what: string;
  /** By their path below the chart's directory. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Undefined for a directory. */
  readonly tgz: Buffer | undefined;
  readonly provenance: Buffer | undefined;
  /** The artifact that it is in its registry, for one that came from there. */
  readonly resolved: Resolved | undefined;
  /** What the lock is to say, where the request left something open. */
  readonly pin: ChartPin | undefined;
}
