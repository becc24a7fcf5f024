import type { Chart } from "../../chart/chart.ts";
import { Budget, type BudgetLimits } from "../template/budget.ts";
import type { Dict } from "../template/value.ts";
import { composeChart } from "../values/compose.ts";
import type { Cluster } from "./capabilities.ts";
import { renderFiles, RenderSession, type Release, type RenderedFile } from "./render.ts";
import { TemplateParser, templateSet } from "./template-set.ts";

export interface RenderChartOptions extends Cluster, Release {
  /** On top of the chart's own. @default none */
  readonly values?: Dict | undefined;
  readonly limits?: BudgetLimits | undefined;
}

/** What `helm template` prints, file by file. */
export function renderChart(chart: Chart, options: RenderChartOptions = {}): RenderedFile[] {
  const { values = new Map(), limits, kubeVersion, apiVersions, name, namespace } = options;
  const root = composeChart(chart, values);
  return renderFiles(root, templateSet(root, new TemplateParser()), {
    budget: new Budget(limits),
    cluster: { kubeVersion, apiVersions },
    release: { name, namespace },
    session: new RenderSession(),
  });
}
