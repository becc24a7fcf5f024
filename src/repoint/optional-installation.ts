import { PLACEHOLDER } from "../discover/switches.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp, nested, readSetting, type ValuesPath } from "../helm/values/path.ts";
import type { Installation } from "./composer.ts";
import { withEdits, type Edit } from "./edits.ts";

/** The user's values, by themselves and with those of the chart. */
interface Given {
  readonly given: Dict;
  readonly composed: Dict;
}

/** An installation, and the settings beside those of the user that make it one. */
export type WithSettings = Installation & { readonly when: readonly string[] };

/** The user's values with what switches something on, in each form that this may have to be in. */
export function installationsFor(way: readonly string[], values: Given): WithSettings[] {
  const fillings = way.some((text) => text.endsWith(IS_SET)) ? FILLINGS : [null];
  return fillings.flatMap((filled) => {
    const installation = installationFor(way, filled, values);
    return installation === undefined ? [] : [{ ...installation, when: way }];
  });
}

function installationFor(
  way: readonly string[],
  filled: Value,
  { given, composed }: Given,
): Installation | undefined {
  const edits: Edit[] = [];
  const apis: string[] = [];
  for (const text of way) {
    const setting = parseSetting(text, filled, composed);
    if (setting === undefined) return undefined;
    if ("api" in setting) apis.push(setting.api);
    else edits.push(setting);
  }
  return { values: withEdits(given, edits, composed), apis };
}

const IS_SET = " is set";

/** What a setting of which only that it is set is known may have been filled with. */
const FILLINGS: readonly Value[] = [
  PLACEHOLDER,
  [nested(["name"], PLACEHOLDER)],
  nested([PLACEHOLDER, PLACEHOLDER], new Map()),
];

/** Reads what `formatSwitches` writes; undefined for what says something else. */
function parseSetting(
  text: string,
  filled: Value,
  composed: Dict,
): { readonly path: ValuesPath; readonly value: Value } | { readonly api: string } | undefined {
  const api = /^cluster has (\S+)$/.exec(text)?.[1];
  if (api !== undefined) return { api };
  const [, name = "", rest = ""] = /^((?:\\.|[^\\\s={}"])+)(=.*| is set)$/s.exec(text) ?? [];
  if (name === "") return undefined;
  const path = readSetting(name);
  return { path, value: rest === IS_SET ? filled : typed(rest.slice(1), lookUp(composed, path)) };
}

/** In the place of a text that says something or might say a number stands a text. */
function typed(text: string, there: Value | undefined): Value {
  const isBoolean = text === "true" || text === "false";
  if (typeof there === "string" && (there !== "" || !isBoolean)) return text;
  const items = isList(there) ? /^\{(.*)\}$/s.exec(text)?.[1] : undefined;
  if (items !== undefined) {
    const texts = items === "" ? [] : items.split(/(?<!\\),/);
    return texts.map((one) => one.replaceAll(String.raw`\,`, ","));
  }
  if (isBoolean) return text === "true";
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
