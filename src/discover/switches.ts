import type { Override } from "../helm/render/values-tree.ts";
import type { Looked } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/reads.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { formatPath, nested, startsWith } from "../helm/values/path.ts";
import type { BranchNode } from "../helm/template/ast.ts";
import { speaksOfImage, wordsOf } from "./image-key.ts";

/** Stands for a text that only the installer knows. An image with it in its name is none. */
export const PLACEHOLDER = "dray-placeholder";

/** A setting to try: of the values, or an API that the cluster would have. */
export interface Switch extends Override {
  readonly source: "values" | "api";
}

/** A condition that looks at more than this is tried in one piece only. */
const MAX_SINGLE = 8;

/** Texts tried for one setting. */
const MAX_LITERALS = 6;

const PART_OF_IMAGE = /^(?:tag|digest|sha|sha256|registry|repository|version|hub|secrets)$/;

export interface Attempts {
  /** One setting at a time. */
  readonly single: readonly (readonly Switch[])[];
  /** Everything that is off, at once. */
  readonly joint: readonly (readonly Switch[])[];
}

/** What to try to get a part of a template to run: the settings that its condition looked at. */
export function switchesFor(
  { looked, node }: { readonly looked: Looked; readonly node: BranchNode },
  literals: ReadonlyMap<string, ReadonlySet<string>>,
): Attempts {
  const all = [...new Map(looked.reads.map((read) => [keyOf(read), read])).values()];
  // A setting below which another is looked for is a table, and no switch itself.
  const reads = all.filter((read) => !all.some((other) => isBelow(other, read)));
  const choices = reads
    .map((read) => turned(read, literals.get(keyOf(read)), node.type === "range"))
    .filter((choice) => choice.length > 0);
  const single = choices.length > MAX_SINGLE ? [] : choices.flat().map((one) => [one]);
  const off = choices
    .flatMap((choice) => choice.slice(0, 1))
    .filter(({ value }) => value !== false);
  return { single, joint: off.length < 2 ? [] : [off] };
}

/** The same for all looks at one setting. */
export function keyOf(one: Pick<Read, "source" | "path">): string {
  const known = keys.get(one);
  if (known !== undefined) return known;
  const key = `${one.source}:${one.path.join("\0")}`;
  keys.set(one, key);
  return key;
}

/** Settings are few, and looked at again and again. */
const keys = new WeakMap<object, string>();

function isBelow(inner: Read, outer: Read): boolean {
  return inner.path.length > outer.path.length && startsWith(inner.path, outer.path);
}

function turned(read: Read, literals: ReadonlySet<string> | undefined, ranged: boolean): Switch[] {
  const { source, path, value } = read;
  if (source === "kubeVersion") return [];
  if (source === "api") return value === true ? [] : [{ source, path, value: true }];
  return valuesFor(value, path, ranged ? undefined : literals).map((other) => ({
    source,
    path,
    value: other,
  }));
}

function valuesFor(value: Value, path: readonly string[], literals?: ReadonlySet<string>): Value[] {
  if (typeof value === "boolean") return [!value];
  if (value instanceof Map) return value.size === 0 ? [someTable()] : [];
  if (isPartOfImage(path)) return [];
  const others = [...(literals ?? NONE)].filter((text) => text !== value).slice(0, MAX_LITERALS);
  if (value === null) return [true, ...others];
  if (typeof value === "string") return textsFor(value, others, literals !== undefined);
  if (typeof value === "number") return [value === 0 ? 1 : 0];
  return isEmptyList(value) ? [[nested(["name"], PLACEHOLDER)]] : [];
}

function isEmptyList(value: Value): boolean {
  return isList(value) && value.length === 0;
}

const NONE: ReadonlySet<string> = new Set();

/** Texts to try instead: those it is compared with, else some text or none. */
function textsFor(text: string, others: readonly string[], isCompared: boolean): Value[] {
  if (others.length > 0) return [...others];
  return text === "" || isCompared ? [PLACEHOLDER] : [""];
}

/** True for a setting such as `image.tag`: filling it in shows no image that the chart knows. */
export function isPartOfImage(path: readonly string[]): boolean {
  const [last = "", above = ""] = path.slice(-2).toReversed();
  const isPart = wordsOf(last).some((word) => PART_OF_IMAGE.test(word));
  return isPart || speaksOfImage(last) || speaksOfImage(above);
}

/** A table of tables, for whoever goes through it. */
function someTable(): Dict {
  return nested([PLACEHOLDER, PLACEHOLDER], new Map());
}

/** `metrics.enabled=true`, as `--set` takes it. */
export function formatSwitch({ source, path, value }: Switch): string {
  if (source === "api") return `cluster has ${path.join("")}`;
  const shown = formatPath(path);
  const isFilled = value === PLACEHOLDER || (typeof value === "object" && value !== null);
  return isFilled ? `${shown} is set` : `${shown}=${String(value)}`;
}
