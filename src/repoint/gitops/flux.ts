import { Budget } from "../../helm/template/budget.ts";
import { writeYaml } from "../../helm/template/to-yaml.ts";
import type { Dict, Value } from "../../helm/template/value.ts";
import type { GitRelease } from "./git-release.ts";

const HEAD = "# Written by dray repoint.\n";

/** Media type of a chart's layer, which Flux has to be told of. https://helm.sh/docs/topics/registries/ */
const CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/** How Flux logs in to registries of clouds. https://fluxcd.io/flux/components/source/ocirepositories/#provider */
const PROVIDERS: readonly (readonly [string, RegExp])[] = [
  ["aws", /\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/],
  ["gcp", /(?:^|\.)gcr\.io$|-docker\.pkg\.dev$/],
  ["azure", /\.azurecr\.(?:io|cn|us)$/],
];

/** The chart and its release, as Flux's controllers take them. */
export function fluxRelease(release: GitRelease): string {
  return HEAD + documents([...certificates(release), repository(release), helmRelease(release)]);
}

/**
 * What makes the values of all releases known in the cluster, out of the files that were written and
 * those of the user: `kubectl apply -k`, or a Kustomization of Flux.
 */
export function fluxKustomization(releases: readonly GitRelease[]): string {
  const generators = releases.map(
    (release): Dict =>
      new Map<string, Value>([
        ["name", valuesName(release)],
        ["namespace", release.namespace],
        ["files", release.files.map(({ key, path }) => `${key}=${path}`)],
        [
          "options",
          new Map<string, Value>([
            ["disableNameSuffixHash", true],
            ["labels", new Map([["reconcile.fluxcd.io/watch", "Enabled"]])],
          ]),
        ],
      ]),
  );
  const document: Dict = new Map<string, Value>([
    ["apiVersion", "kustomize.config.k8s.io/v1beta1"],
    ["kind", "Kustomization"],
    ["resources", releases.map(({ file }) => `flux/${file}.yaml`)],
    ["configMapGenerator", generators],
  ]);
  return HEAD + documents([document]);
}

function repository(release: GitRelease): Dict {
  const { chart, repository: url, registry, plainHttp } = release;
  const provider = PROVIDERS.find(([, pattern]) => pattern.test(registry))?.[0];
  const spec: Dict = new Map<string, Value>([
    ["interval", "1h"],
    ["url", `oci://${url}`],
    [
      "ref",
      new Map([
        ["tag", chart.tag],
        ["digest", chart.digest],
      ]),
    ],
    [
      "layerSelector",
      new Map([
        ["mediaType", CHART_LAYER],
        ["operation", "copy"],
      ]),
    ],
  ]);
  if (provider !== undefined) spec.set("provider", provider);
  else if (release.pullSecret !== undefined) {
    spec.set("secretRef", new Map([["name", release.pullSecret]]));
  }
  if (plainHttp) spec.set("insecure", true);
  if (release.certificates !== undefined) {
    spec.set("certSecretRef", new Map([["name", certificatesName(release)]]));
  }
  return object("source.toolkit.fluxcd.io/v1", "OCIRepository", { release, spec });
}

function helmRelease(release: GitRelease): Dict {
  const { name, files, assigned } = release;
  const chart = new Map([
    ["kind", "OCIRepository"],
    ["name", name],
  ]);
  const from = files.map(
    ({ key }) =>
      new Map([
        ["kind", "ConfigMap"],
        ["name", valuesName(release)],
        ["valuesKey", key],
      ]),
  );
  const spec: Dict = new Map<string, Value>([
    ["interval", "1h"],
    ["releaseName", name],
    ["chartRef", chart],
    ["valuesFrom", from],
  ]);
  if (assigned.size > 0) spec.set("values", assigned);
  return object("helm.toolkit.fluxcd.io/v2", "HelmRelease", { release, spec });
}

function certificates(release: GitRelease): Dict[] {
  if (release.certificates === undefined) return [];
  const secret: Dict = new Map<string, Value>([
    ["apiVersion", "v1"],
    ["kind", "Secret"],
    ["metadata", metadata(certificatesName(release), release.namespace)],
    ["stringData", new Map([["ca.crt", release.certificates]])],
  ]);
  return [secret];
}

function valuesName({ name }: GitRelease): string {
  return `${name}-values`;
}

function certificatesName({ name }: GitRelease): string {
  return `${name}-registry-ca`;
}

function metadata(name: string, namespace: string): Dict {
  return new Map([
    ["name", name],
    ["namespace", namespace],
  ]);
}

function object(
  apiVersion: string,
  kind: string,
  { release, spec }: { readonly release: GitRelease; readonly spec: Dict },
): Dict {
  return new Map<string, Value>([
    ["apiVersion", apiVersion],
    ["kind", kind],
    ["metadata", metadata(release.name, release.namespace)],
    ["spec", spec],
  ]);
}

function documents(all: readonly Dict[]): string {
  return `${all.map((one) => writeYaml(one, new Budget())).join("\n---\n")}\n`;
}
