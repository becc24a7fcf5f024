import { readSmallFile } from "../../content/small-file.ts";
import { readValues } from "../../chart/load-chart.ts";
import { loadPatternsFor } from "../../chart/regex.ts";
import { DrayError } from "../../errors.ts";
import type { YamlMap } from "../../yaml/read.ts";
import { copyDict, type Dict } from "../template/value.ts";
import { noteLayers, type Layer } from "./givers.ts";
import { applyJson, lay } from "./set-json.ts";
import { applySet, asText } from "./set-values.ts";

/** Values as a user gives them to Helm: files, then assignments, the later ones winning. */
export interface ValueSet {
  readonly files?: readonly ValuesFile[] | undefined;
  /** As `--set-json`: `name=JSON`, or a table. */
  readonly setJson?: readonly string[] | undefined;
  /** As `--set`. */
  readonly set?: readonly string[] | undefined;
  /** As `--set-string`. */
  readonly setString?: readonly string[] | undefined;
  /** As `--set-file`: `name=PATH`. */
  readonly setFile?: readonly string[] | undefined;
}

type Apply = (assignments: string, to: Dict) => void;

/** A path, or what was read already from where there is none. */
export type ValuesFile = string | { readonly name: string; readonly text: string };

/**
 * Reads the files of a set and applies its assignments, in Helm's order.
 * https://github.com/helm/helm/blob/v3.19.0/pkg/cli/values/options.go
 *
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_YAML_INVALID`, `DRAY_VALUES_INVALID`, `DRAY_SET_INVALID`
 */
export async function readUserValues(given: ValueSet): Promise<Dict> {
  const { files = [], setJson = [], set = [], setString = [], setFile = [] } = given;
  // A text in them may be run as a template.
  await loadPatternsFor([...setJson, ...set, ...setString]);
  const values: Dict = new Map();
  const layers: Layer[] = [];
  for (const file of files) {
    const name = JSON.stringify(typeof file === "string" ? file : file.name);
    const read = await readOne(file);
    lay(values, copyDict(read));
    layers.push({ name, values: read });
  }
  /** What a flag says may be a secret: errors name the flag alone. */
  const assign = (flag: string, all: readonly string[], apply: Apply): void => {
    const own: Dict = new Map();
    for (const assignments of all) {
      apply(assignments, values);
      applyAlone(apply, assignments, own);
    }
    layers.push({ name: flag, values: own });
  };
  assign("--set-json", setJson, applyJson);
  assign("--set", set, applySet);
  assign("--set-string", setString, (text, to) => applySet(text, to, asText));
  const texts = await textsOf(setFile);
  assign("--set-file", setFile, (text, to) => applySet(text, to, (path) => texts.get(path) ?? ""));
  noteLayers(values, layers);
  return values;
}

/** True if there is anything in it. */
export function isGiven(set: ValueSet): boolean {
  return Object.values(set).some((list) => list !== undefined && list.length > 0);
}

async function readOne(file: ValuesFile): Promise<YamlMap> {
  const [name, text] =
    typeof file === "string" ? [file, await readText(file, "values")] : [file.name, file.text];
  await loadPatternsFor([text]);
  try {
    return readValues(text, name);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    // It is the user's own file.
    const { code, message, hint } = error;
    throw new DrayError(code, message, { kind: "usage", hint, cause: error });
  }
}

/** What says nothing but of a table that others give (`a.=1`) is refused where that is not there. */
function applyAlone(apply: Apply, assignments: string, own: Dict): void {
  try {
    apply(assignments, own);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
  }
}

/** By path: what the files hold that assignments name. */
async function textsOf(setFile: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const assignments of setFile) {
    applySet(assignments, new Map(), (path) => {
      texts.set(path, "");
      return path;
    });
  }
  for (const path of texts.keys()) texts.set(path, await readText(path, "file of values"));
  await loadPatternsFor(texts.values());
  return texts;
}

async function readText(path: string, what: string): Promise<string> {
  return (await readSmallFile(path, { what })).toString("utf8");
}
