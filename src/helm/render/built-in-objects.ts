import { decode, type Chart } from "../../chart/chart.ts";
import { glob } from "../../chart/path-patterns.ts";
import { withMethods } from "../template/field.ts";
import { markShared, noteEntry } from "../template/origins.ts";
import { fn, type TemplateFunction } from "../template/signature.ts";
import { TemplateError } from "../template/template-error.ts";
import { writeYaml } from "../template/to-yaml.ts";
import { ofType, type Dict, type Value } from "../template/value.ts";
import { lookUp } from "../values/path.ts";

export interface Release {
  /** @default "release-name" */
  readonly name?: string | undefined;
  /** @default "default" */
  readonly namespace?: string | undefined;
  /** An upgrade of what is there, not a new installation. @default false */
  readonly isUpgrade?: boolean | undefined;
}

/** `.Release`, which all templates see. */
export function releaseObject(release: Release): Dict {
  const { name = "release-name", namespace = "default", isUpgrade = false } = release;
  const object: Dict = new Map<string, Value>([
    ["Name", name],
    ["Namespace", namespace],
    ["IsInstall", !isUpgrade],
    ["IsUpgrade", isUpgrade],
    ["Revision", 1n],
    ["Service", "Helm"],
  ]);
  markShared(object);
  for (const [key, value] of object) {
    noteEntry(object, key, [{ source: "install", path: [`.Release.${key}`], value }]);
  }
  return object;
}

/** `.Values`, with what Go's type of it can do. https://pkg.go.dev/helm.sh/helm/v3@v3.19.5/pkg/chartutil#Values */
export function valuesObject(values: Dict): Dict {
  const yaml = fn([], (_none, { budget, lookups }) => {
    lookups.tookWhole(values);
    return `${writeYaml(values, budget)}\n`;
  });
  return withMethods(ofType("chartutil.Values", values), {
    AsMap: fn([], () => values),
    YAML: yaml,
    Table: fn(["string"], ([path], { lookups }) => {
      lookups.tookWhole(values);
      const table = lookUp(values, path.split("."));
      if (table instanceof Map) return table;
      throw new TemplateError(`${JSON.stringify(path)} is not a table`);
    }),
    PathValue: fn(["string"], ([path], { lookups }) => {
      lookups.tookWhole(values);
      const value = lookUp(values, path.split("."));
      if (value !== undefined && !(value instanceof Map)) return value;
      throw new TemplateError(`${JSON.stringify(path)} is not a value`);
    }),
  });
}

/** Files that templates cannot read, as in Helm. */
const HIDDEN = /^(?:templates\/.*|Chart\.yaml|Chart\.lock|values\.yaml|values\.schema\.json)$/s;

/** `.Files`: what is packed into the chart, and nothing else. */
export function chartFiles(chart: Chart): Dict {
  const visible = [...chart.files].filter(([path]) => !HIDDEN.test(path));
  return filesDict(visible.map(([path, bytes]) => [path, decode(bytes)]));
}

function filesDict(files: readonly (readonly [string, string])[]): Dict {
  const texts = new Map(files);
  const paths = [...texts.keys()];
  const get = fn(["string"], ([path], call) => {
    call.asksForFile(path, paths);
    return texts.get(path) ?? "";
  });
  const methods: Readonly<Record<string, TemplateFunction>> = {
    Get: get,
    GetBytes: get,
    Lines: fn(["string"], ([path]) => linesOf(texts.get(path))),
    Glob: fn(["string"], ([pattern], call) => {
      call.budget.step(files.length);
      call.asksForFile(pattern, paths);
      // A pattern that is none matches everything, as in Helm.
      const matches = glob(pattern, { extended: true }) ?? (() => true);
      return filesDict(files.filter(([path]) => matches(path)));
    }),
    AsConfig: fn([], (_none, { budget }) =>
      writeYaml(
        byName(files, (text) => text),
        budget,
      ),
    ),
    AsSecrets: fn([], (_none, { budget }) =>
      writeYaml(
        byName(files, (text) => Buffer.from(text).toString("base64")),
        budget,
      ),
    ),
  };
  return withMethods(new Map<string, Value>(files), methods);
}

function linesOf(text: string | undefined): Value {
  if (text === "") throw new TemplateError("index out of range [-1]: the file is empty");
  return ofType("[]string", text?.replace(/\n$/, "").split("\n") ?? []);
}

function byName(
  files: readonly (readonly [string, string])[],
  write: (text: string) => string,
): Dict {
  return new Map<string, Value>(
    files.map(([path, text]) => [path.slice(path.lastIndexOf("/") + 1), write(text)]),
  );
}
