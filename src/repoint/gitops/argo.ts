import { Budget } from "../../helm/template/budget.ts";
import { writeYaml } from "../../helm/template/to-yaml.ts";
import type { Dict, Value } from "../../helm/template/value.ts";
import type { GitRelease } from "./git-release.ts";

/**
 * The release as an Application of Argo CD. It has all values in itself: it could name files only in a
 * repository of Git whose address nobody has said.
 * https://argo-cd.readthedocs.io/en/stable/user-guide/oci/
 */
export function argoApplication(release: GitRelease): string {
  const { name, namespace, repository, chart, values } = release;
  const helm: Dict = new Map<string, Value>([
    ["releaseName", name],
    ["valuesObject", values],
  ]);
  const source: Dict = new Map<string, Value>([
    ["repoURL", `oci://${repository}`],
    ["targetRevision", chart.digest],
    ["path", "."],
    ["helm", helm],
  ]);
  const spec: Dict = new Map<string, Value>([
    ["project", "default"],
    ["source", source],
    [
      "destination",
      new Map([
        ["server", "https://kubernetes.default.svc"],
        ["namespace", namespace],
      ]),
    ],
    ["syncPolicy", new Map([["syncOptions", ["CreateNamespace=true"]]])],
  ]);
  const application: Dict = new Map<string, Value>([
    ["apiVersion", "argoproj.io/v1alpha1"],
    ["kind", "Application"],
    [
      "metadata",
      new Map([
        ["name", name],
        ["namespace", "argocd"],
      ]),
    ],
    ["spec", spec],
  ]);
  const head = [
    "# Written by dray repoint.",
    `# ${chart.name} ${chart.version} by its digest, which takes Argo CD 3.1 or newer; your own values are in it too.`,
  ];
  return `${head.join("\n")}\n${writeYaml(application, new Budget())}\n`;
}
