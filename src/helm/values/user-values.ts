import { readFile } from "node:fs/promises";
import { overlay, readValues } from "../../chart/load-chart.ts";
import { unreadable } from "../../errors.ts";
import type { YamlMap } from "../../yaml/read.ts";
import type { Dict } from "../template/value.ts";
import { applySet } from "./set-values.ts";

/** Values as a user gives them to Helm: files, then assignments, the later ones winning. */
export interface ValueSet {
  /** Paths. */
  readonly files?: readonly string[] | undefined;
  /** As `--set`. */
  readonly set?: readonly string[] | undefined;
  /** As `--set-string`. */
  readonly setString?: readonly string[] | undefined;
}

/**
 * Reads the files of a set and applies its assignments.
 * @throws DrayError `DRAY_FILE_NOT_FOUND`, `DRAY_YAML_INVALID`, `DRAY_VALUES_INVALID`, `DRAY_SET_INVALID`
 */
export async function readUserValues({
  files = [],
  set = [],
  setString = [],
}: ValueSet): Promise<Dict> {
  const merged: YamlMap = new Map();
  for (const path of files) overlay(merged, readValues(await readText(path), path));
  const values: Dict = merged;
  for (const assignments of set) applySet(assignments, values);
  for (const assignments of setString) applySet(assignments, values, { text: true });
  return values;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(cause, "values", path) ?? cause;
  }
}
