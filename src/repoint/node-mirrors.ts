import type { NodeRuntime } from "../delivery/target-file.ts";
import { Budget } from "../helm/template/budget.ts";
import { writeYaml } from "../helm/template/to-yaml.ts";
import type { Dict, Value } from "../helm/template/value.ts";
import { containerdHosts, type NodeFiles } from "./containerd-hosts.ts";
import type { MovedImage } from "./mapping-file.ts";
import { nameOf } from "./names.ts";
import { HEAD, K3S_CA, schemeOf, trustFiles, type NodeConnection } from "./node-trust.ts";
import { byHost, commonPrefix } from "./source-hosts.ts";

/**
 * Configuration with which nodes look for images at the target though workloads name their source:
 * what no value moves is pulled from there too.
 */
export function nodeFiles(
  images: readonly MovedImage[],
  runtime: NodeRuntime,
  connection: NodeConnection = {},
): NodeFiles {
  const moved = distinct(images.filter(({ from, to }) => nameOf(from) !== nameOf(to)));
  const registry = moved[0]?.to.registry;
  if (registry === undefined) return { files: [], left: [] };
  const trust = trustFiles(runtime, registry, connection);
  if (runtime === "containerd") {
    const { files, left } = containerdHosts(moved, connection);
    const written = new Set(files.map(({ path }) => path));
    return { files: [...files, ...trust.filter(({ path }) => !written.has(path))], left };
  }
  const text = WRITERS[runtime](moved, connection);
  return { files: [{ path: FILES[runtime], text: `${HEAD}${text}` }, ...trust], left: [] };
}

const FILES = {
  "cri-o": "registries.conf",
  k3s: "registries.yaml",
  openshift: "mirror-sets.yaml",
} as const;

const WRITERS = { "cri-o": registriesConf, k3s: registriesYaml, openshift: mirrorSets } as const;

/** Each repository once. */
function distinct(images: readonly MovedImage[]): MovedImage[] {
  const byName = new Map(images.map((image) => [nameOf(image.from), image]));
  return [...byName.values()].toSorted((a, b) => (nameOf(a.from) < nameOf(b.from) ? -1 : 1));
}

/** https://github.com/containers/image/blob/v5.36.0/docs/containers-registries.conf.5.md */
function registriesConf(
  images: readonly MovedImage[],
  { plainHttp = false }: NodeConnection,
): string {
  const insecure = plainHttp ? "insecure = true\n" : "";
  const target = images[0]?.to.registry ?? "";
  const ofSource = (host: string): string => (host === target ? insecure : "");
  const own = plainHttp ? `\n[[registry]]\nlocation = "${target}"\n${insecure}` : "";
  return (
    own +
    images
      .map(
        ({ from, to }) => `
[[registry]]
prefix = "${nameOf(from)}"
location = "${nameOf(from)}"
${ofSource(from.registry)}
[[registry.mirror]]
location = "${nameOf(to)}"
${insecure}`,
      )
      .join("")
  );
}

/** https://docs.k3s.io/installation/private-registry#rewrites */
function registriesYaml(images: readonly MovedImage[], connection: NodeConnection): string {
  const target = images[0]?.to.registry ?? "";
  const mirrors = [...byHost(images)].map(([host, all]): [string, Value] => {
    // What is named at the target already keeps its name.
    const prefix = host === target ? undefined : commonPrefix(all);
    const rewrites =
      prefix === undefined
        ? all.map(({ from, to }): [string, Value] => [
            `^${from.repository.replaceAll(".", "\\.")}$`,
            to.repository,
          ])
        : [["^(.*)$", `${prefix}$1`] as [string, Value]];
    const endpoint = `${schemeOf(connection)}://${target}`;
    return [
      host,
      new Map<string, Value>([
        ["endpoint", [endpoint]],
        ["rewrite", new Map(rewrites)],
      ]),
    ];
  });
  const all = new Map<string, Value>([["mirrors", new Map(mirrors)]]);
  if (connection.plainHttp === true && !mirrors.some(([host]) => host === target)) {
    // Pulled from by its own name too, and then no mirror says how.
    mirrors.push([target, new Map([["endpoint", [`http://${target}`]]])]);
    all.set("mirrors", new Map(mirrors));
  }
  if (connection.certificates !== undefined) {
    const tls: Dict = new Map([["tls", new Map([["ca_file", K3S_CA]])]]);
    all.set("configs", new Map([[target, tls]]));
  }
  return `${yaml(all)}\n`;
}

/** https://docs.redhat.com/en/documentation/openshift_container_platform/4.16/html/images/image-configuration */
function mirrorSets(images: readonly MovedImage[]): string {
  const sets = [
    ["ImageDigestMirrorSet", "imageDigestMirrors"],
    ["ImageTagMirrorSet", "imageTagMirrors"],
  ] as const;
  const documents = sets.map(([kind, key]) => {
    const mirrors = images.map(
      ({ from, to }): Dict =>
        new Map<string, Value>([
          ["source", nameOf(from)],
          ["mirrors", [nameOf(to)]],
        ]),
    );
    return yaml(
      new Map<string, Value>([
        ["apiVersion", "config.openshift.io/v1"],
        ["kind", kind],
        ["metadata", new Map([["name", "dray"]])],
        ["spec", new Map<string, Value>([[key, mirrors]])],
      ]),
    );
  });
  return `${documents.join("\n---\n")}\n`;
}

function yaml(value: Dict): string {
  return writeYaml(value, new Budget());
}
