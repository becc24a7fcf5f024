import { templatesOf, textOf, type Chart } from "../chart/chart.ts";

/** Kinds of objects that run containers. */
const WORKLOAD =
  /^\s*kind:\s*["']?(?:CronJob|DaemonSet|Deployment|Job|Pod|ReplicaSet|ReplicationController|StatefulSet)["']?\s*$/m;

/** True if a template of `chart` or one of its subcharts is of something that runs containers. */
export function hasWorkloads(chart: Chart): boolean {
  const own = templatesOf(chart).some((path) => WORKLOAD.test(textOf(chart, path)));
  return own || chart.subcharts.some(hasWorkloads);
}
