import { decode, type Chart } from "../../chart/chart.ts";
import { glob } from "../../chart/glob.ts";
import { withMethods } from "../template/field.ts";
import { fn, type TemplateFunction } from "../template/signature.ts";
import type { Dict, Value } from "../template/value.ts";
import { writeYaml } from "../template/to-yaml.ts";

/** Files that templates cannot read, as in Helm. */
const HIDDEN = /^(?:templates\/.*|Chart\.yaml|Chart\.lock|values\.yaml|values\.schema\.json)$/s;

/** `.Files`: what is packed into the chart, and nothing else. */
export function chartFiles(chart: Chart): Dict {
  const visible = [...chart.files].filter(([path]) => !HIDDEN.test(path));
  return filesDict(visible.map(([path, bytes]) => [path, decode(bytes)]));
}

function filesDict(files: readonly (readonly [string, string])[]): Dict {
  const texts = new Map(files);
  const get = fn(["string"], ([path]) => texts.get(path) ?? "");
  const methods: Readonly<Record<string, TemplateFunction>> = {
    Get: get,
    GetBytes: get,
    Lines: fn(["string"], ([path]) => linesOf(texts.get(path) ?? "")),
    Glob: fn(["string"], ([pattern], { budget }) => {
      budget.step(files.length);
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

function linesOf(text: string): Value[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function byName(
  files: readonly (readonly [string, string])[],
  write: (text: string) => string,
): Dict {
  return new Map<string, Value>(
    files.map(([path, text]) => [path.slice(path.lastIndexOf("/") + 1), write(text)]),
  );
}
