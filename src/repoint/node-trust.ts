import type { NodeRuntime } from "../delivery/target-file.ts";
import { Budget } from "../helm/template/budget.ts";
import { writeYaml } from "../helm/template/to-yaml.ts";
import type { Value } from "../helm/template/value.ts";

/** A file below the folder of its runtime. */
export interface NodeFile {
  readonly path: string;
  readonly text: string;
}

export const HEAD = "# Written by dray repoint.\n";

/** How nodes reach the target. */
export interface NodeConnection {
  readonly plainHttp?: boolean | undefined;
  /** Certificates that the target's may be signed by, as PEM. */
  readonly certificates?: string | undefined;
}

/** Where nodes of k3s expect the certificates. */
export const K3S_CA = "/etc/rancher/k3s/dray-ca.crt";

const CA = "ca.crt";

export function schemeOf({ plainHttp = false }: NodeConnection): "http" | "https" {
  return plainHttp ? "http" : "https";
}

/** One place that a hosts.toml leads to; `isPath` if names go behind a path of its own. */
export function hostTable(
  address: string,
  { certificates }: NodeConnection,
  isPath = false,
): string {
  const lines = [
    "",
    `[host."${address}"]`,
    '  capabilities = ["pull", "resolve"]',
    ...(isPath ? ["  override_path = true"] : []),
    ...(certificates === undefined ? [] : [`  ca = "${CA}"`]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The certificates as a file in `folder`; readers of PEM pass over the comment. */
export function caFile(folder: string, { certificates }: NodeConnection): NodeFile[] {
  if (certificates === undefined) return [];
  return [{ path: `${folder}/${CA}`, text: `${HEAD}${certificates}` }];
}

/** What makes a runtime trust the target where images are named there already. */
export function trustFiles(
  runtime: NodeRuntime,
  registry: string,
  connection: NodeConnection,
): NodeFile[] {
  const { certificates, plainHttp = false } = connection;
  if (certificates === undefined && !plainHttp) return [];
  const folder = `certs.d/${registry}`;
  if (runtime === "containerd") {
    const server = `${schemeOf(connection)}://${registry}`;
    const text = `${HEAD}server = "${server}"\n${hostTable(server, connection)}`;
    return [{ path: `${folder}/hosts.toml`, text }, ...caFile(folder, connection)];
  }
  if (runtime === "cri-o") return caFile(folder, connection);
  if (runtime === "openshift") return [trustedCa(registry, connection)];
  return certificates === undefined
    ? []
    : [{ path: "dray-ca.crt", text: `${HEAD}${certificates}` }];
}

/** https://docs.redhat.com/en/documentation/openshift_container_platform/4.16/html/images/image-configuration */
function trustedCa(
  registry: string,
  { certificates, plainHttp = false }: NodeConnection,
): NodeFile {
  const spec = {
    ...(certificates !== undefined && { additionalTrustedCA: { name: "dray-registry-ca" } }),
    ...(plainHttp && { registrySources: { insecureRegistries: [registry] } }),
  };
  const patch = `# oc patch image.config.openshift.io/cluster --type merge --patch '${JSON.stringify({ spec })}'\n`;
  if (certificates === undefined) return { path: "trusted-ca.yaml", text: HEAD + patch };
  const document = new Map<string, Value>([
    ["apiVersion", "v1"],
    ["kind", "ConfigMap"],
    [
      "metadata",
      new Map([
        ["name", "dray-registry-ca"],
        ["namespace", "openshift-config"],
      ]),
    ],
    // A colon has no place in the key of a ConfigMap.
    ["data", new Map([[registry.replace(":", ".."), certificates]])],
  ]);
  const text = `${HEAD}# Behind it: ${patch.slice(2)}${writeYaml(document, new Budget())}\n`;
  return { path: "trusted-ca.yaml", text };
}
