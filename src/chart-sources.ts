import type { Listener } from "./events.ts";
import type { ChartPin, Lock } from "./recipe/lock.ts";
import type { RegistryOptions } from "./registry/client.ts";
import { RegistryPool } from "./registry/pool.ts";
import type { Resolved } from "./resolve.ts";

/** Where charts are had from, and under which conditions. */
export interface ChartSources {
  readonly pool: RegistryPool;
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

export interface ChartSourcesOptions extends Omit<ChartSources, "pool" | "close"> {
  readonly registry?: Omit<RegistryOptions, "side" | "onEvent"> | undefined;
}

/** Connects to nothing yet. */
export function openChartSources({ registry, ...options }: ChartSourcesOptions): ChartSources {
  const pool = new RegistryPool({ ...registry, side: "source", onEvent: options.onEvent });
  return { ...options, pool, close: () => pool.close() };
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
