import type { NodeRuntime } from "../delivery/target-file.ts";
import { Budget } from "../helm/template/budget.ts";
import { writeYaml } from "../helm/template/to-yaml.ts";
import type { Dict, Value } from "../helm/template/value.ts";
import type { MovedImage } from "./mapping-file.ts";
import { nameOf } from "./names.ts";

/** A file below the folder of its runtime. */
interface NodeFile {
  readonly path: string;
  readonly text: string;
}

/** Configuration of nodes, and images that it cannot express. */
interface NodeFiles {
  readonly files: readonly NodeFile[];
  readonly left: readonly MovedImage[];
}

const HEAD = "# Written by dray repoint.\n";

/**
 * Configuration with which nodes look for images at the target though workloads name their source:
 * what no value moves is pulled from there too.
 */
export function nodeFiles(images: readonly MovedImage[], runtime: NodeRuntime): NodeFiles {
  const moved = distinct(images.filter(({ from, to }) => nameOf(from) !== nameOf(to)));
  if (moved.length === 0) return { files: [], left: [] };
  if (runtime === "containerd") return containerd(moved);
  const text = WRITERS[runtime](moved);
  return { files: [{ path: FILES[runtime], text: `${HEAD}${text}` }], left: [] };
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

function byHost(images: readonly MovedImage[]): Map<string, MovedImage[]> {
  const hosts = new Map<string, MovedImage[]>();
  for (const image of images) {
    hosts.set(image.from.registry, [...(hosts.get(image.from.registry) ?? []), image]);
  }
  return hosts;
}

/** What stands before the repository of each at the target, if it is the same for all: `` or `mirror/`. */
function commonPrefix(images: readonly MovedImage[]): string | undefined {
  const prefixes = new Set(
    images.map(({ from, to }) =>
      `/${to.repository}`.endsWith(`/${from.repository}`)
        ? to.repository.slice(0, -from.repository.length)
        : undefined,
    ),
  );
  const [first] = prefixes;
  return prefixes.size === 1 ? first : undefined;
}

/** Docker Hub answers to another name than its images have. */
function serverOf(host: string): string {
  return `https://${host === "docker.io" ? "registry-1.docker.io" : host}`;
}

/** https://github.com/containerd/containerd/blob/v2.1.0/docs/hosts.md */
function containerd(images: readonly MovedImage[]): NodeFiles {
  const files: NodeFile[] = [];
  const left: MovedImage[] = [];
  for (const [host, all] of byHost(images)) {
    const prefix = commonPrefix(all);
    const registry = all[0]?.to.registry;
    if (prefix === undefined || registry === undefined) {
      for (const image of all) left.push(image);
      continue;
    }
    const path = prefix.replace(/\/$/, "");
    const text = `${HEAD}server = "${serverOf(host)}"

[host."https://${registry}/v2${path === "" ? "" : `/${path}`}"]
  capabilities = ["pull", "resolve"]
  override_path = true
`;
    files.push({ path: `certs.d/${host}/hosts.toml`, text });
  }
  return { files, left };
}

/** https://github.com/containers/image/blob/v5.36.0/docs/containers-registries.conf.5.md */
function registriesConf(images: readonly MovedImage[]): string {
  return images
    .map(
      ({ from, to }) => `
[[registry]]
prefix = "${nameOf(from)}"
location = "${nameOf(from)}"

[[registry.mirror]]
location = "${nameOf(to)}"
`,
    )
    .join("");
}

/** https://docs.k3s.io/installation/private-registry#rewrites */
function registriesYaml(images: readonly MovedImage[]): string {
  const mirrors = [...byHost(images)].map(([host, all]): [string, Value] => {
    const prefix = commonPrefix(all);
    const rewrites =
      prefix === undefined
        ? all.map(({ from, to }): [string, Value] => [
            `^${from.repository.replaceAll(".", "\\.")}$`,
            to.repository,
          ])
        : [["^(.*)$", `${prefix}$1`] as [string, Value]];
    const endpoint = `https://${all[0]?.to.registry ?? ""}`;
    return [
      host,
      new Map<string, Value>([
        ["endpoint", [endpoint]],
        ["rewrite", new Map(rewrites)],
      ]),
    ];
  });
  return `${yaml(new Map([["mirrors", new Map(mirrors)]]))}\n`;
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
