import type { Chart } from "../chart/chart.ts";
import { allowsVersion } from "../chart/choose-version.ts";
import { DEFAULT_KUBE_VERSION } from "../helm/render/capabilities.ts";
import type { Dict } from "../helm/template/value.ts";
import type { Collector } from "./collector.ts";
import type { DiscoverOptions, Unknown } from "./discovery.ts";
import { unreadValues } from "./unread-values.ts";

/** What whoever uses a chart with these values should know, though no image depends on it. */
export function addRemarks(
  chart: Chart,
  sets: readonly Dict[],
  { collector, options }: { collector: Collector; options: DiscoverOptions },
): void {
  const { name, version, deprecated, kubeVersion } = chart.metadata;
  const say = (code: Unknown["code"], message: string): void =>
    collector.unknown({ code, needed: false, isRemark: true, message });
  if (deprecated === "true") say("CHART_DEPRECATED", `${name} ${version} is deprecated`);
  if (/^[^+]*-/.test(version)) {
    say("CHART_PRERELEASE", `${name} ${version} is a prerelease: ranges leave it out`);
  }
  const cluster = options.kubeVersion ?? DEFAULT_KUBE_VERSION;
  if (isText(kubeVersion) && !allows(kubeVersion, cluster)) {
    say("KUBE_VERSION", `${name} ${version} is for Kubernetes ${kubeVersion}, not for ${cluster}`);
  }
  const unread = new Set(sets.flatMap((given) => unreadValues(chart, given, options)));
  if (unread.size > 0) say("VALUE_UNUSED", `no template reads ${[...unread].join(", ")}`);
}

function isText(text: string | null | undefined): text is string {
  return text !== undefined && text !== null && text !== "";
}

function allows(range: string, version: string): boolean {
  return allowsVersion(range, version.replace(/^v/, "").replace(/^(\d+\.\d+)$/, "$1.0"));
}
