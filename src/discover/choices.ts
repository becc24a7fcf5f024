import type { BranchNode, List } from "../helm/template/ast.ts";
import type { Looked } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/read.ts";
import type { Value } from "../helm/template/value.ts";
import type { Print } from "../helm/template/watcher.ts";
import { roleOf, speaksOfImage } from "./image-key.ts";
import { readImageText } from "./image-text.ts";
import {
  isBelow,
  isEmptyList,
  isPartOfImage,
  keyOf,
  PLACEHOLDER,
  someItem,
  someTable,
  type Attempts,
  type ComparedWith,
  type Switch,
} from "./switches.ts";

/** Something printed into the name of an image, and the settings that had a say in it. */
export interface Choice {
  /** The same place, decided on by the same settings. */
  readonly key: string;
  readonly looked: Looked;
  /** Name of the file that printed it. */
  readonly file: string;
}

/** Settings of one name that are also turned together in every way. Of more, each is with each other. */
const MAX_JOINED = 3;

/** Settings of one name of which each is turned with each other. */
const MAX_PAIRED = 6;

/** Settings of one name that are turned one by one. */
const MAX_SINGLE = 24;

/** Values tried for one setting: versions and flavors of a table of images. */
const MAX_OTHERS = 25;

/** `image: org/app`, `--image=org/app`, `tag: "1.2`: what stands before is a name or a part of one. */
const NAME_LINE = /([\w.-]+)["']?\s*[:=]\s*["']?[^\s"']*$/;

/** The end of a line, in which the key of a name stands. */
const MAX_LINE = 300;

/** What no key of an image or of a part of one is without; it is quick to look for. */
const SPEAKS_OF_PART = /(?:im(?:a)?g|regist|hub|repo|tag|digest|sha|hash|version)[^]*[:=]/i;

/** True for what is printed behind the key of an image, or is the name of one as a whole. */
export function isPartOfName({ line, text }: Print): boolean {
  return isNameLine(line) || isName(text);
}

/** True if what comes next on the line is a part of the name of an image. */
export function isNameLine(line: string): boolean {
  const end = line.slice(-MAX_LINE);
  if (!(end.includes(":") || end.includes("=")) || !SPEAKS_OF_PART.test(end)) return false;
  const key = NAME_LINE.exec(end)?.[1];
  if (key === undefined || /version$/i.test(key)) return false;
  return speaksOfImage(key) || PARTS.has(roleOf(key)?.role ?? "");
}

/** False for a part that only adds lines below the one that stands before it, `imagePullPolicy: Always`. */
export function staysOnLine({ body, otherwise }: BranchNode): boolean {
  return [body, otherwise].some((list) => list !== undefined && !startsLine(list));
}

function startsLine({ nodes: [first] }: List): boolean {
  return first === undefined || (first.type === "text" && /^[ \t]*\r?\n/.test(first.text));
}

const PARTS: ReadonlySet<string> = new Set(["image", "registry", "repository", "tag", "digest"]);

function isName(text: string): boolean {
  if (!text.includes("/") || text.includes("\n")) return false;
  const image = readImageText(text.trim());
  return image?.pinned === true && (image.hasHost || image.hasPath);
}

/** What to try to get another name printed, and what it takes too many trials to try. */
export interface NameAttempts extends Attempts {
  /** What may have to be turned together, and values of single settings beyond those tried. */
  readonly untried: readonly (readonly Switch[])[];
}

/** Settings turned already: to reach a name, or to get another one of it. */
export interface Turned {
  readonly before: readonly Switch[];
  /** How many of these had a say in a name. */
  readonly choices: number;
}

/** What to try to get another name printed: the settings that had a say in it. */
export function choiceSwitches(
  { looked }: Choice,
  { before, choices: depth }: Turned,
  comparedWith: ComparedWith,
): NameAttempts {
  const turned = new Set(before.map(keyOf));
  const reads = [...new Map(looked.reads.map((read) => [keyOf(read), read])).values()];
  const all = reads
    .filter((read) => !turned.has(keyOf(read)) && !isAround(read, reads))
    .map((read) => othersFor(read, comparedWith(read)))
    .filter((choice) => choice.length > 0);
  const choices = all.map((choice) => choice.slice(0, MAX_OTHERS));
  const left = all.flatMap((choice) => choice.slice(MAX_OTHERS)).map((one) => [one]);
  // A table or list is filled alone: that brings in what is there for each of its entries.
  const plain = choices.filter((choice) => !choice.some(isFilled));
  const isTooMany = plain.length > (depth > 0 ? MAX_PAIRED : MAX_SINGLE);
  const single = isTooMany ? [] : choices.flat().map((one) => [one]);
  const open = before.length > 0 ? [] : reads.flatMap(openText);
  const first = plain.flatMap((choice) => choice.slice(0, 1));
  const untried = first.length > MAX_JOINED ? [...left, first] : left;
  const joint = before.length === 0 ? together(first) : [];
  return { single: [...single, ...open], joint, untried };
}

function isFilled({ value }: Switch): boolean {
  return typeof value === "object" && value !== null;
}

function together(first: readonly Switch[]): readonly (readonly Switch[])[] {
  if (first.length <= MAX_JOINED) return subsets(first).filter((one) => one.length > 1);
  if (first.length > MAX_PAIRED) return [];
  return first.flatMap((one, index) => first.slice(index + 1).map((other) => [one, other]));
}

/** A table, or nothing, below which another setting is looked for says nothing itself. */
function isAround(read: Read, reads: readonly Read[]): boolean {
  const mayHold = read.value === null || read.value instanceof Map;
  return mayHold && reads.some((other) => isBelow(other, read));
}

/** Only what the chart itself compares with can give a name that it knows. */
function othersFor({ source, path, value }: Read, compared?: readonly Value[]): Switch[] {
  if (source === "api") return value === true ? [] : [{ source, path, value: true }];
  if (source !== "values") return [];
  if (typeof value === "boolean") return [{ source, path, value: !value }];
  if (NAMES_OBJECTS.test(path.at(-1) ?? "")) return [];
  const others = isPartOfImage(path) ? textsBeside(value, compared) : valuesFor(value, compared);
  return others.map((other) => ({ source, path, value: other }));
}

/** Some text where there is none: whether the name has it in it shows that nobody but the installer knows it. */
function openText({ source, path, value }: Read): Switch[][] {
  if (source !== "values" || value !== "" || isOfInstaller(path)) return [];
  return [[{ source, path, value: PLACEHOLDER }]];
}

/** True for what names the image itself, or objects: what is told of those shows no other image. */
function isOfInstaller(path: readonly string[]): boolean {
  return isPartOfImage(path) || NAMES_OBJECTS.test(path.at(-1) ?? "");
}

/** Other keys of a table that has the value as one. */
function textsBeside(value: Value, compared: readonly Value[] = []): readonly Value[] {
  return compared.filter((one) => typeof one === "string" && one !== value && mayBePart(one));
}

function valuesFor(value: Value, compared: readonly Value[] = []): readonly Value[] {
  const others = compared.filter((one) => one !== value && mayBePart(one));
  if (value === null) return [true, ...others];
  if (value instanceof Map) return value.size === 0 ? [someTable(), ...others] : others;
  if (isEmptyList(value)) return others.length > 0 ? others : [[someItem()]];
  if (typeof value !== "string") return others;
  const isOpen = value === "" ? compared.includes("") : others.length === 0 && compared.length > 0;
  return isOpen ? [...others, PLACEHOLDER] : others;
}

function mayBePart(value: Value): boolean {
  return typeof value !== "string" || PART_OF_NAME.test(value);
}

/** What objects are called is no part of what images are. */
const NAMES_OBJECTS = /name(?:space)?Override$/i;

/** No pattern, and no address. */
const PART_OF_NAME = /^[\w./:-]*$/;

function subsets(all: readonly Switch[]): Switch[][] {
  let found: Switch[][] = [[]];
  for (const one of all) found = [...found, ...found.map((subset) => [...subset, one])];
  return found;
}
