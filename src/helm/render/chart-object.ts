import { formatFloat } from "../template/print.ts";
import { isList, Struct, type Dict, type Value } from "../template/value.ts";
import type { Instance } from "../values/compose.ts";

/** `.Chart`: Chart.yaml with the names of Go's struct, under the alias where there is one. */
export function chartObject({ chart, name, path }: Instance): Struct {
  const { document } = chart;
  const text = (key: string): string => asText(document.get(key) ?? null);
  const list = (key: string): Value => {
    const value = document.get(key) ?? null;
    return isList(value) ? value : [];
  };
  return new Struct("chart.Metadata", {
    Name: name,
    Home: text("home"),
    Sources: list("sources"),
    Version: text("version"),
    Description: text("description"),
    Keywords: list("keywords"),
    Maintainers: list("maintainers"),
    Icon: text("icon"),
    APIVersion: text("apiVersion"),
    Condition: text("condition"),
    Tags: text("tags"),
    AppVersion: appVersionOf(document),
    Deprecated: document.get("deprecated") === true,
    Annotations: texts(document.get("annotations") ?? null),
    KubeVersion: text("kubeVersion"),
    Dependencies: list("dependencies"),
    Type: text("type"),
    IsRoot: path.length === 0,
  });
}

/** What an empty tag usually stands for. */
export function appVersionOf(document: Dict): string {
  return asText(document.get("appVersion") ?? null);
}

/** A number where text is wanted, as sigs.k8s.io/yaml writes it. */
function asText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number")
    return Number.isInteger(value) ? String(value) : formatFloat(value);
  return value === true || value === false ? String(value) : "";
}

function texts(value: Value): Dict {
  if (!(value instanceof Map)) return new Map();
  return new Map<string, Value>([...value].map(([key, item]) => [key, asText(item)]));
}
