import type { Cluster } from "../helm/render/capabilities.ts";
import type { Release } from "../helm/render/built-in-objects.ts";
import type { BudgetLimits } from "../helm/template/budget.ts";
import type { Dict } from "../helm/template/value.ts";

export interface DiscoverOptions extends Cluster, Release {
  /** Values on top of the chart's own; the images of several sets are joined. @default one empty set */
  readonly values?: readonly Dict[] | undefined;
  /** Path of a Helm program (`defaults().helm()`), whose renderings are one more source. @default none is run */
  readonly helm?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What evaluating the templates may use, for each set of values. */
  readonly limits?: BudgetLimits | undefined;
}
