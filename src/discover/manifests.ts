import { append } from "../content/append.ts";
import { templatesOf, textOf, type Chart } from "../chart/chart.ts";
import { DrayError } from "../errors.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp } from "../helm/values/path.ts";
import { splitDocuments, type YamlDocument } from "../yaml/places.ts";
import { readYaml } from "../yaml/read.ts";
import { mayBeCustom } from "./custom-resources.ts";
import { tryYaml } from "./text-images.ts";

/** One object of a rendering, with the part of the text that it came from. */
export interface Manifest {
  readonly object: Dict;
  readonly text: string;
  /** Line of the rendered text on which `text` begins, counted from 0. */
  readonly line: number;
  /** `Deployment/grafana` */
  readonly name: string;
  /** Helm's names of the hooks it is part of; empty for one that is installed. */
  readonly hooks: readonly string[];
}

/** A document that is no YAML, or no object. */
export interface BrokenManifest {
  readonly text: string;
  readonly line: number;
  readonly reason: string;
}

/** Without any of these a document names no image; most do not. */
const WORTH_READING = /image|repository|\bhub\b|\/[\w./-]{0,300}[:@]\w/i;

/** `image` or `Image` in Base64, wherever in three characters it begins. */
const ENCODED = /bWFnZ|1hZ2|tYWdl/;

const DEFINITION = /^kind: *["']?CustomResourceDefinition\b/m;

/** Also within braces. */
const ANY_DEFINITION = /\bkind["']?\s*:\s*["']?CustomResourceDefinition\b/;

/** A definition is large, and says nothing of an image but in a default like this; the first is quick to look for. */
const DEFAULT = /default["']?: *["']?[\w.-]{1,300}[/:]\w/;
const DEFAULT_IMAGE = /(?:^ +|[{,] *)["']?default["']?: *["']?[\w.-]{1,300}[/:]\w/m;

/** Which documents of a text are read. */
export interface Reading {
  /** Documents that are left out. */
  readonly known?: ReadonlySet<string> | undefined;
  /** Helm has to read what names no image too. */
  readonly checksAll?: boolean | undefined;
}

/** Objects in a rendered text that may name an image. Lists are opened. */
export function readManifests(
  text: string,
  { known, checksAll = false }: Reading = {},
): { manifests: Manifest[]; broken: BrokenManifest[] } {
  const manifests: Manifest[] = [];
  const broken: BrokenManifest[] = [];
  for (const document of splitDocuments(text)) {
    if (known?.has(document.text) === true) continue;
    const mayMatter = isWorthReading(document.text) || mayBeCustom(document.text);
    if (!mayMatter && !(checksAll && isCheap(document.text))) continue;
    const whole = readWhole(document.text);
    if (typeof whole === "string") broken.push({ ...document, reason: whole });
    else if (mayMatter) append(manifests, manifestsIn(whole, document));
  }
  return { manifests, broken };
}

function manifestsIn(whole: Dict | null, document: YamlDocument): Manifest[] {
  return objectsIn(whole)
    .map((object) => ({ ...document, object, ...about(object) }))
    .filter(({ hooks }) => hooks.every(isHook));
}

/** What a document holds, or in words why that cannot be told: Helm takes no list and no text. */
function readWhole(text: string): Dict | null | string {
  try {
    const value = readYaml(text, "a rendered document");
    if (value === null || value instanceof Map) return value;
    return `expected an object, found a ${isList(value) ? "list" : "text"}`;
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return error.message;
  }
}

/** Definitions are large, and hardly anything in them comes from values. */
function isCheap(text: string): boolean {
  return !DEFINITION.test(text);
}

function isWorthReading(text: string): boolean {
  if (!DEFINITION.test(text)) return WORTH_READING.test(text) || ENCODED.test(text);
  return DEFAULT.test(text) && DEFAULT_IMAGE.test(text);
}

/** Kinds of custom resources that a text defines with a field for an image. */
export function kindsWithImages(text: string): string[] {
  if (!ANY_DEFINITION.test(text)) return [];
  return splitDocuments(text).flatMap((document) =>
    ANY_DEFINITION.test(document.text) && hasImageField(document.text)
      ? definedIn(document.text)
      : [],
  );
}

function hasImageField(text: string): boolean {
  return FIELD.test(text) && IMAGE_FIELD.test(text);
}

/** `image:` or `sidecarImage:` with a schema below, on lines of their own or within braces; the first is quick to look for. */
const FIELD = /mage["']?: *(?:\{|$)/m;
const IMAGE_FIELD = /(?:^ +|[{,]\s*)["']?(?:\w{0,100}I|i)mage["']?: *(?:\{|$)/m;

/** The kinds of a large text are looked up, those of one in braces are read. */
function definedIn(text: string): string[] {
  const kind = /^ {4}kind: *["']?(\w+)/m.exec(text)?.[1];
  if (kind !== undefined && /^kind:/m.test(text)) return [kind];
  return objectsIn(tryYaml(text)).flatMap((object) => {
    const defined = lookUp(object, ["spec", "names", "kind"]);
    return typeof defined === "string" ? [defined] : [];
  });
}

function objectsIn(value: Value): Dict[] {
  if (!(value instanceof Map)) return [];
  const items = value.get("items");
  const kind = value.get("kind");
  const isListKind = typeof kind === "string" && kind.endsWith("List");
  if (!isListKind || !isList(items)) return [value];
  return items.flatMap(objectsIn);
}

function about(object: Dict): { name: string; hooks: readonly string[] } {
  const name = lookUp(object, ["metadata", "name"]);
  const hook = lookUp(object, ["metadata", "annotations", "helm.sh/hook"]);
  const kind = object.get("kind");
  return {
    name: `${typeof kind === "string" ? kind : "?"}/${typeof name === "string" ? name : "?"}`,
    hooks: typeof hook === "string" ? hook.split(",").map((one) => one.trim().toLowerCase()) : [],
  };
}

/** Helm leaves out an object that names any other hook. https://helm.sh/docs/topics/charts_hooks/ */
const HOOK = /^(?:(?:pre|post)-(?:install|upgrade|delete|rollback)|test|test-success)$/;

function isHook(name: string): boolean {
  return HOOK.test(name);
}

/** True if only `helm test` runs it. */
export function isTest(hooks: readonly string[]): boolean {
  return hooks.length > 0 && hooks.every((hook) => hook.startsWith("test"));
}

/** Kinds of objects that run containers. */
const WORKLOAD =
  /^\s*kind:\s*["']?(?:CronJob|DaemonSet|Deployment|Job|Pod|ReplicaSet|ReplicationController|StatefulSet)["']?\s*$/m;

/** True if a template of `chart` or one of its subcharts is of something that runs containers. */
export function hasWorkloads(chart: Chart): boolean {
  const own = templatesOf(chart).some((path) => WORKLOAD.test(textOf(chart, path)));
  return own || chart.subcharts.some(hasWorkloads);
}
