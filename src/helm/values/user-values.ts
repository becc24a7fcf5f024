import { readSmallFile } from "../../content/small-file.ts";
import { overlay, readValues } from "../../chart/load-chart.ts";
import { DrayError } from "../../errors.ts";
import type { YamlMap } from "../../yaml/read.ts";
import type { Dict } from "../template/value.ts";
import { applyJson } from "./set-json.ts";
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
  const merged: YamlMap = new Map();
  for (const file of files) overlay(merged, await readOne(file));
  const values: Dict = merged;
  for (const assignments of setJson) applyJson(assignments, values);
  for (const assignments of set) applySet(assignments, values);
  for (const assignments of setString) applySet(assignments, values, asText);
  for (const assignments of setFile) await applyFiles(assignments, values);
  return values;
}

/** True if there is anything in it. */
export function isGiven(set: ValueSet): boolean {
  return Object.values(set).some((list) => list !== undefined && list.length > 0);
}

async function readOne(file: ValuesFile): Promise<YamlMap> {
  const [name, text] =
    typeof file === "string" ? [file, await readText(file, "values")] : [file.name, file.text];
  try {
    return readValues(text, name);
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    // It is the user's own file.
    const { code, message, hint } = error;
    throw new DrayError(code, message, { kind: "usage", hint, cause: error });
  }
}

/** Paths are found first, then every place gets what its file holds. */
async function applyFiles(assignments: string, values: Dict): Promise<void> {
  const texts = new Map<string, string>();
  applySet(assignments, new Map(), (path) => {
    texts.set(path, "");
    return path;
  });
  for (const path of texts.keys()) texts.set(path, await readText(path, "file of values"));
  applySet(assignments, values, (path) => texts.get(path) ?? "");
}

async function readText(path: string, what: string): Promise<string> {
  return (await readSmallFile(path, { what })).toString("utf8");
}
