import { isList, type Dict, type Value } from "../../helm/template/value.ts";

/** Kinds that let something be reached under a name, whoever defines them. */
const SERVING =
  /^(?:Ingress|IngressRoute|HTTPProxy|HTTPRoute|GRPCRoute|TLSRoute|Gateway|VirtualService|Route|Certificate|VirtualServer)$/;

const HOST_KEYS: ReadonlySet<string> = new Set([
  "host",
  "hosts",
  "hostname",
  "hostnames",
  "dnsNames",
  "fqdn",
]);

/** Hosts under which the objects themselves are reached, which is no way outside. */
export function servedHosts(objects: readonly Dict[]): ReadonlySet<string> {
  const found = new Set<string>();
  const take = (value: Value): void => {
    if (typeof value === "string") found.add(value.toLowerCase());
    else if (isList(value)) for (const item of value) take(item);
  };
  const walk = (value: Value): void => {
    if (isList(value)) for (const item of value) walk(item);
    if (!(value instanceof Map)) return;
    for (const [key, item] of value) {
      if (HOST_KEYS.has(key)) take(item);
      walk(item);
    }
  };
  for (const object of objects) {
    const kind = object.get("kind");
    if (typeof kind === "string" && SERVING.test(kind)) walk(object.get("spec") ?? null);
  }
  return found;
}
