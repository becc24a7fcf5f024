import type { Dict } from "../template/value.ts";
import { overlay, readValues } from "../../chart/load-chart.ts";
import type { YamlMap } from "../../yaml/read.ts";
import { applySet } from "./set-values.ts";

/** Values as a user gives them to Helm: files, then assignments, the later ones winning. */
export interface UserValues {
  readonly files?: readonly { readonly name: string; readonly text: string }[] | undefined;
  /** As `--set`. */
  readonly set?: readonly string[] | undefined;
  /** As `--set-string`. */
  readonly setString?: readonly string[] | undefined;
}

/** @throws DrayError `DRAY_YAML_INVALID`, `DRAY_VALUES_INVALID`, `DRAY_SET_INVALID` */
export function readUserValues({ files = [], set = [], setString = [] }: UserValues): Dict {
  const merged: YamlMap = new Map();
  for (const { name, text } of files) overlay(merged, readValues(text, name));
  const values: Dict = merged;
  for (const assignments of set) applySet(assignments, values);
  for (const assignments of setString) applySet(assignments, values, { text: true });
  return values;
}
