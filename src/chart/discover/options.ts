import type { Cluster } from "../render/capabilities.ts";
import type { Release } from "../render/render.ts";
import type { BudgetLimits } from "../template/budget.ts";
import type { Dict } from "../template/value.ts";

export interface DiscoverOptions extends Cluster, Release {
  /** Values on top of the chart's own; the images of several sets are joined. @default one empty set */
  readonly values?: readonly Dict[] | undefined;
  /** Path of a Helm program (`findProgram`), whose renderings are one more source. @default none is run */
  readonly helm?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What evaluating the templates may use, for each set of values. */
  readonly limits?: BudgetLimits | undefined;
}
