import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { isInstalled } from "./registry.ts";

/** Where a peer works: each image has a file or folder of its own here. */
interface PeerWork {
  readonly images: readonly string[];
  readonly directory: string;
}

/** Another program that brings images into files and from there to a registry. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** Images to files that one can carry: an archive, or a layout and a tar of it. */
  readonly pack: (work: PeerWork) => string[][];
  /** What it needs to push and does not make by that; not measured. */
  readonly prepare?: (work: PeerWork) => string[][];
  /** The same files to a registry. */
  readonly push: (work: PeerWork, host: string) => string[][];
  readonly env: Readonly<Record<string, string>>;
}

interface Candidate extends Omit<Peer, "version" | "env"> {
  readonly versionFlags: readonly string[];
}

const at = (directory: string, name: string, index: number): string =>
  join(directory, `${name}-${index}`);

const CANDIDATES: readonly Candidate[] = [
  {
    name: "crane",
    versionFlags: ["version"],
    pack: ({ images, directory }) => {
      const layout = join(directory, "crane");
      return [
        ["crane", "pull", "--insecure", "--format=oci", ...images, layout],
        ["tar", "-cf", `${layout}.tar`, "-C", layout, "."],
      ];
    },
    prepare: ({ images, directory }) =>
      images.map((image, index) => {
        const layout = at(directory, "crane-one", index);
        return ["crane", "pull", "--insecure", "--format=oci", image, layout];
      }),
    push: ({ images, directory }, host) =>
      images.map((_image, index) => [
        "crane",
        "push",
        "--insecure",
        at(directory, "crane-one", index),
        `${host}/crane/image${index}:1.0`,
      ]),
  },
  {
    name: "regctl",
    versionFlags: ["version", "--format", "{{.VCSTag}}"],
    pack: ({ images, directory }) =>
      images.map((image, index) => [
        "regctl",
        "image",
        "export",
        image,
        `${at(directory, "regctl", index)}.tar`,
      ]),
    push: ({ images, directory }, host) =>
      images.map((_image, index) => [
        "regctl",
        "image",
        "import",
        `${host}/regctl/image${index}:1.0`,
        `${at(directory, "regctl", index)}.tar`,
      ]),
  },
  {
    name: "hauler",
    versionFlags: ["version", "--json"],
    pack: ({ images, directory }) => {
      const store = join(directory, "hauler");
      return [
        ...images.map((image) => ["hauler", "store", "add", "image", image, "-s", store]),
        ["hauler", "store", "save", "-s", store, "-f", `${store}.tar.zst`],
      ];
    },
    push: ({ directory }, host) => {
      const store = join(directory, "hauler-loaded");
      return [
        ["hauler", "store", "load", "-s", store, "-f", join(directory, "hauler.tar.zst")],
        ["hauler", "store", "copy", "-s", store, `registry://${host}/hauler`, "--plain-http"],
      ];
    },
  },
  {
    name: "skopeo",
    versionFlags: ["--version"],
    pack: ({ images, directory }) =>
      images.map((image, index) => [
        "skopeo",
        "copy",
        "-q",
        "--src-tls-verify=false",
        `docker://${image}`,
        `oci-archive:${at(directory, "skopeo", index)}.tar`,
      ]),
    push: ({ images, directory }, host) =>
      images.map((_image, index) => [
        "skopeo",
        "copy",
        "-q",
        "--dest-tls-verify=false",
        `oci-archive:${at(directory, "skopeo", index)}.tar`,
        `docker://${host}/skopeo/image${index}:1.0`,
      ]),
  },
  {
    name: "oras",
    versionFlags: ["version"],
    pack: ({ images, directory }) =>
      images.map((image, index) => [
        "oras",
        "backup",
        "--no-tty",
        "--plain-http",
        "--output",
        `${at(directory, "oras", index)}.tar`,
        image,
      ]),
    push: ({ images, directory }, host) =>
      images.map((_image, index) => [
        "oras",
        "restore",
        "--no-tty",
        "--plain-http",
        "--input",
        `${at(directory, "oras", index)}.tar`,
        `${host}/oras/image${index}:1.0`,
      ]),
  },
];

/** Those of the peers that are on PATH. */
export function installedPeers(
  wanted: readonly string[],
  env: Readonly<Record<string, string>>,
): Peer[] {
  return CANDIDATES.filter(({ name }) => wanted.includes(name) && isInstalled(name)).map((one) => {
    const text = execFileSync(one.name, one.versionFlags, { encoding: "utf8", env: process.env });
    return { ...one, env, version: /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? "?" };
  });
}
