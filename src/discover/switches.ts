import type { Override } from "../helm/render/values-tree.ts";
import type { Looked } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/read.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { formatSetting, lookUp, nested, startsWith, type ValuesPath } from "../helm/values/path.ts";
import type { BranchNode, Pipe } from "../helm/template/ast.ts";
import { namesBelow } from "../helm/template/commands.ts";
import { speaksOfImage, wordsOf } from "./image-key.ts";

/** Stands for a text that only the installer knows. An image with it in its name is none. */
export const PLACEHOLDER = "dray-placeholder";

/** Stands for the part of a name that only the installer knows, where it is shown. */
export const OPEN = "…";

/** A setting to try: of the values, or an API that the cluster would have. */
export interface Switch extends Override {
  readonly source: "values" | "api";
}

/** A condition that looks at more than this is tried in one piece only. */
const MAX_SINGLE = 8;

/** Values tried for one setting of those that it is compared with. */
const MAX_COMPARED = 6;

const PART_OF_IMAGE = /^(?:tag|digest|sha|sha256|registry|repository|version|hub|secrets)$/;

export interface Attempts {
  /** One setting at a time. */
  readonly single: readonly (readonly Switch[])[];
  /** Everything that is off, at once. */
  readonly joint: readonly (readonly Switch[])[];
}

/** What a setting was compared with; undefined for one that never was. */
export type ComparedWith = (read: Read) => readonly Value[] | undefined;

/** What to try to get a part of a template to run: the settings that its condition looked at. */
export function switchesFor(
  { looked, node }: { readonly looked: Looked; readonly node: BranchNode },
  comparedWith: ComparedWith,
): Attempts {
  const all = [...new Map(looked.reads.map((read) => [keyOf(read), read])).values()];
  // A setting below which another is looked for is a table, and no switch itself.
  const reads = all.filter((read) => !all.some((other) => isBelow(other, read)));
  // What the chart has a value for is what it means to be set.
  const asked = reads.flatMap((read) => [read, ...entriesAsked(read, node.pipe)]);
  const choices = asked
    .toSorted((a, b) => Number(a.value === null) - Number(b.value === null))
    .map((read) => turned(read, comparedWith(read), node.type === "range"))
    .filter((choice) => choice.length > 0);
  const single = choices.length > MAX_SINGLE ? [] : choices.flat().map((one) => [one]);
  const off = choices
    .flatMap((choice) => choice.slice(0, 1))
    .filter(({ value }) => value !== false);
  return { single, joint: off.length < 2 ? [] : [off] };
}

/** What a look or a switch is of. */
type Place = Pick<Read, "source" | "path">;

/** The same for all looks at one setting. */
export function keyOf(one: Place): string {
  const known = keys.get(one);
  if (known !== undefined) return known;
  const key = `${one.source}:${one.path.join("\0")}`;
  keys.set(one, key);
  return key;
}

/** Settings are few, and looked at again and again. */
const keys = new WeakMap<object, string>();

export function isBelow(inner: Place, outer: Place): boolean {
  const isDeeper = inner.source === outer.source && inner.path.length > outer.path.length;
  return isDeeper && startsWith(inner.path, outer.path);
}

/** Looks at entries of a table of which only the whole was looked at, to make another of it. */
function entriesAsked(read: Read, pipe: Pipe): Read[] {
  const { source, path, value: table } = read;
  if (!(table instanceof Map)) return [];
  return chainsBelow(read, pipe).map((names) => ({
    source,
    path: [...path, ...names],
    value: lookUp(table, names) ?? null,
  }));
}

/** Names by which a pipeline asks for what may have been an entry of a table. */
export function chainsBelow({ path }: Read, pipe: Pipe): readonly ValuesPath[] {
  return namesBelow(pipe).filter((names) => {
    const isItself = names.at(-1) === path.at(-1);
    return !isItself && !isPartOfImage(names);
  });
}

function turned(read: Read, compared: readonly Value[] | undefined, ranged: boolean): Switch[] {
  const { source, path, value } = read;
  if (source === "api") return value === true ? [] : [{ source, path, value: true }];
  if (source !== "values") return [];
  const isOpen = ranged && value === null && !isPartOfImage(path);
  const others = isOpen
    ? [[someItem()], someTable()]
    : valuesFor(value, path, ranged ? undefined : compared);
  return others.map((other) => ({ source, path, value: other }));
}

function valuesFor(
  value: Value,
  path: readonly string[],
  compared: readonly Value[] | undefined,
): readonly Value[] {
  const others = (compared ?? []).filter((one) => one !== value).slice(0, MAX_COMPARED);
  if (typeof value === "boolean") return [!value, ...others];
  if (value instanceof Map) return value.size === 0 ? [someTable(), ...others] : others;
  if (isPartOfImage(path)) return [];
  if (value === null) return [true, ...others];
  if (others.length > 0) return others;
  if (typeof value === "string") return [textFor(value, compared !== undefined)];
  if (typeof value === "number") return [value === 0 ? 1 : 0];
  return isEmptyList(value) ? [[someItem()]] : [];
}

export function isEmptyList(value: Value): boolean {
  return isList(value) && value.length === 0;
}

/** A text to try instead of one that is compared with no other: some text or none. */
function textFor(text: string, isCompared: boolean): string {
  return text === "" || isCompared ? PLACEHOLDER : "";
}

/** True for a setting such as `image.tag`: filling it in shows no image that the chart knows. */
export function isPartOfImage(path: readonly string[]): boolean {
  const [last = "", above = ""] = path.slice(-2).toReversed();
  const isPart = wordsOf(last).some((word) => PART_OF_IMAGE.test(word));
  return isPart || speaksOfImage(last) || speaksOfImage(above);
}

/** A table of tables, for whoever goes through it. */
export function someTable(): Dict {
  return nested([PLACEHOLDER, PLACEHOLDER], new Map());
}

/** An item of a list, with a name. */
export function someItem(): Dict {
  return nested(["name"], PLACEHOLDER);
}

/** Each of them that the others do not say already: where an entry of a table is set, the table is. */
export function formatSwitches(switches: readonly Switch[]): string[] {
  const isSaid = (one: Switch): boolean =>
    isTable(one.value) && switches.some((other) => isBelow(other, one));
  return switches.filter((one) => !isSaid(one)).map(formatSwitch);
}

function isTable(value: Value): value is Exclude<Value & object, null> {
  return typeof value === "object" && value !== null;
}

/** `metrics.enabled=true`, as `--set` takes it. */
function formatSwitch({ source, path, value }: Switch): string {
  if (source === "api") return `cluster has ${path.join("")}`;
  const shown = formatSetting(path).replaceAll(PLACEHOLDER, OPEN);
  if (isList(value) && value.every((item) => typeof item === "string")) {
    return `${shown}={${value.map((item) => item.replaceAll(",", String.raw`\,`)).join(",")}}`;
  }
  return value === PLACEHOLDER || isTable(value) ? `${shown} is set` : `${shown}=${String(value)}`;
}
