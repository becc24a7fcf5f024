import type { Dict } from "../helm/template/value.ts";
import type { Discovery, Unknown } from "./discovery.ts";
import { isHarmless, startsNothing } from "./known-groups.ts";

/** A resource for which some operator may start containers. */
export interface CustomResource {
  /** `group/Kind` */
  readonly kind: string;
  /** `Kind/name` */
  readonly name: string;
  /** True if it says itself which image that is. */
  readonly namesImage: boolean;
  /** Settings that bring it in; none if it is there with the values given. */
  readonly when: readonly string[];
  /** The template. */
  readonly file: string;
}

/** Names that one message lists. */
const MAX_SHOWN = 12;

const API_VERSION = /["']?\bapiVersion["']?\s*:\s*["']?([\w.-]+)\/\w/g;

/** What stands at the head of a document that is written line by line. */
const HEAD_API = /^["']?apiVersion["']?: *["']?([\w.-]+)(?:\/\w+)?["']? *(?:#.*)?$/m;
const HEAD_KIND = /^["']?kind["']?: *["']?(\w+)["']? *(?:#.*)?$/m;

/** True if a document may be or hold a custom resource for which something is started. */
export function mayBeCustom(text: string): boolean {
  const groups = [...text.matchAll(API_VERSION)].map(([, group = ""]) => group);
  const foreign = groups.filter((group) => !isHarmless(group));
  if (foreign.length === 0) return false;
  const [api, kind] = [HEAD_API.exec(text)?.[1], HEAD_KIND.exec(text)?.[1]];
  if (api === undefined || kind === undefined || kind.endsWith("List")) return true;
  return foreign.includes(api) && !startsNothing(api, kind);
}

/** True if a part of a template may print a custom resource for which something is started. */
export function mayPrintCustom(text: string): boolean {
  return text.includes("apiVersion") && text.split(/^---/m).some(mayBeCustom);
}

/** `group/Kind` of an object for which an operator may start containers. */
export function customKind(object: Dict): string | undefined {
  const [api, kind] = [object.get("apiVersion"), object.get("kind")];
  if (typeof api !== "string" || typeof kind !== "string") return undefined;
  const group = api.slice(0, Math.max(0, api.lastIndexOf("/")));
  return startsNothing(group, kind) ? undefined : `${group}/${kind}`;
}

/** What charts have for operators: kinds that they define, and resources that they install or may install. */
export class CustomResources {
  readonly #defined = new Set<string>();
  readonly #resources = new Map<string, CustomResource[]>();

  /** Kinds that can name an image. */
  addDefined(kinds: readonly string[]): void {
    for (const kind of kinds) this.#defined.add(kind);
  }

  add(resources: readonly CustomResource[]): void {
    for (const one of resources) {
      this.#resources.set(one.kind, [...(this.#resources.get(one.kind) ?? []), one]);
    }
  }

  /** What cannot be known of them; `settled` has the user's word on a `group/Kind`. */
  unknowns(settled: ReadonlyMap<string, string> = new Map()): Unknown[] {
    const kinds = [...this.#resources].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const resources = kinds.flatMap(([kind, all]) => {
      const installed = all.filter(({ when }) => when.length === 0);
      const word = settled.get(kind);
      return installed.length > 0
        ? [unknownOf(kind, installed, word)]
        : optionalOf(kind, all, word);
    });
    return [...resources, ...this.#operator()];
  }

  /** What an operator runs where a custom resource names no image is compiled into it. */
  #operator(): Unknown[] {
    if (this.#defined.size === 0) return [];
    const message = `an operator runs images for custom resources (${list([...this.#defined])}); where these name none, it takes one that the chart may not hold`;
    return [{ code: "OPERATOR", needed: false, message }];
  }
}

/**
 * What somebody lists beyond all that charts speak of is taken for what operators start: who lists it
 * has read their documents.
 */
export function settleByList(discovery: Discovery, extra: readonly string[]): Discovery {
  if (extra.length === 0) return discovery;
  const word = `by images that are listed by hand: ${list(extra)}`;
  const unknowns = discovery.unknowns.map((one) =>
    one.code === "CUSTOM_RESOURCE" && one.needed
      ? { ...one, needed: false, word, message: `${one.kind ?? ""}: settled ${word}` }
      : one,
  );
  return { ...discovery, unknowns, complete: !unknowns.some(({ needed }) => needed) };
}

function unknownOf(
  kind: string,
  all: readonly CustomResource[],
  word: string | undefined,
): Unknown {
  const silent = all.filter(({ namesImage }) => !namesImage);
  const shown = silent.length > 0 ? silent : all;
  const file = shown[0]?.file;
  return {
    code: "CUSTOM_RESOURCE",
    kind,
    needed: silent.length > 0 && word === undefined,
    message: `${kind} (${list(shown.map(({ name }) => name))}): ${sayingOf(silent.length > 0, word)}`,
    ...(word === undefined ? {} : { word }),
    ...(file === undefined ? {} : { file }),
  };
}

/** Of what other settings bring in nothing is missing now: it is said with the simplest of them where it names no image. */
function optionalOf(
  kind: string,
  all: readonly CustomResource[],
  word: string | undefined,
): Unknown[] {
  const open = all.filter(({ namesImage }) => !namesImage || word !== undefined);
  const [simplest] = open.toSorted((a, b) => a.when.length - b.when.length);
  if (simplest === undefined) return [];
  const { when, file } = simplest;
  const message = `${kind}, with ${when.join(" and ")}: ${sayingOf(true, word)}`;
  return [
    {
      code: "CUSTOM_RESOURCE",
      kind,
      needed: false,
      message,
      file,
      ...(word === undefined ? {} : { word }),
    },
  ];
}

function sayingOf(isSilent: boolean, word: string | undefined): string {
  if (word !== undefined) return `settled: ${word}`;
  return isSilent
    ? "which images are started for it, its operator knows and the chart does not say"
    : "its operator may start more than the images that it names";
}

function list(names: readonly string[]): string {
  const distinct = [...new Set(names)].toSorted();
  const more = distinct.length > MAX_SHOWN ? ` and ${distinct.length - MAX_SHOWN} more` : "";
  return `${distinct.slice(0, MAX_SHOWN).join(", ")}${more}`;
}
