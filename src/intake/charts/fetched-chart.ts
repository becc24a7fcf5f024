import type { ChartPin } from "../recipe/lock.ts";
import type { Resolved } from "../resolve.ts";

/** A chart as it was fetched, nothing of it looked at but its files. */
export interface FetchedChart {
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
