import { append } from "../content/append.ts";
import type { MovedImage } from "./mapping-file.ts";
import {
  caFile,
  HEAD,
  hostTable,
  schemeOf,
  type NodeConnection,
  type NodeFile,
} from "./node-trust.ts";
import { byHost, commonPrefix } from "./source-hosts.ts";

/** Configuration of nodes, and images that it cannot express. */
export interface NodeFiles {
  readonly files: readonly NodeFile[];
  readonly left: readonly MovedImage[];
}

/** Docker Hub answers to another name than its images have. */
function serverOf(host: string): string {
  return `https://${host === "docker.io" ? "registry-1.docker.io" : host}`;
}

/** https://github.com/containerd/containerd/blob/v2.1.0/docs/hosts.md */
export function containerdHosts(
  images: readonly MovedImage[],
  connection: NodeConnection,
): NodeFiles {
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
    const target = `${schemeOf(connection)}://${registry}`;
    const isOwn = host === registry;
    // What is named at the target already is looked for there first, in its own place.
    const own = isOwn ? hostTable(target, connection) : "";
    const mirror = hostTable(`${target}/v2${path === "" ? "" : `/${path}`}`, connection, true);
    const server = isOwn ? target : serverOf(host);
    const text = `${HEAD}server = "${server}"\n${own}${mirror}`;
    files.push({ path: `certs.d/${host}/hosts.toml`, text });
    append(files, caFile(`certs.d/${host}`, connection));
  }
  return { files, left };
}
