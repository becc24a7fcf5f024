import { isList, type Dict, type Value } from "../helm/template/value.ts";
import { seeArguments, seeEnvironment } from "./arguments.ts";
import { readImageText } from "./image-text.ts";
import type { Entry } from "./shape.ts";
import type { Sightings } from "./sighting.ts";

const KINDS: Readonly<Record<string, string>> = {
  containers: "container",
  initContainers: "init container",
  ephemeralContainers: "ephemeral container",
};

/** What containers have beside an image. */
const OF_CONTAINERS: readonly string[] = [
  "command",
  "args",
  "script",
  "env",
  "envFrom",
  "volumeMounts",
];

/** Lists in which custom resources have containers, whatever else these say. */
const LISTS: ReadonlySet<string> = new Set(["sidecars", "steps"]);

/** With one of these the image is only a part of its name. */
const PARTS: readonly string[] = ["repository", "registry", "tag", "version"];

const READ_HERE: ReadonlySet<string> = new Set([
  "name",
  "image",
  "command",
  "args",
  "env",
  "imagePullPolicy",
]);

/**
 * Stands for whatever image a mesh puts into the pod.
 * https://istio.io/v1.27/docs/setup/additional-setup/gateway/#deploying-a-gateway
 */
const INJECTED = "auto";

export function isContainerList(key: string): boolean {
  return Object.hasOwn(KINDS, key);
}

/** True for a container in a custom resource, under whatever name it stands there. */
export function isContainer(table: Dict, path: readonly string[]): boolean {
  if (typeof table.get("image") !== "string" || PARTS.some((key) => table.has(key))) return false;
  return LISTS.has(path.at(-2) ?? "") || OF_CONTAINERS.some((key) => table.has(key));
}

/**
 * Sees the image that a container runs and those it is told of. Gives back the entries that are not
 * read here.
 */
export function seeContainer(
  container: Dict,
  path: readonly string[],
  sightings: Sightings,
): (readonly [string, Value])[] {
  const name = container.get("name");
  const kind = KINDS[path.at(-2) ?? ""] ?? "container";
  const where = typeof name === "string" ? `${kind} ${name}` : kind;
  const stated = container.get("image");
  const text = typeof stated === "string" ? stated : "";
  const image = text === INJECTED ? undefined : readImageText(text);
  if (image !== undefined) {
    sightings.see({ image, text, certainty: "proven", where });
  } else if (stated !== undefined || container.has("command") || container.has("args")) {
    sightings.miss({ where, text: stated === undefined ? undefined : text });
  }
  const words = [container.get("command"), container.get("args")].flatMap(wordsIn);
  seeArguments(words, sightings);
  seeEnvironment(environmentOf(container), sightings);
  return [...container].filter(([key]) => !READ_HERE.has(key));
}

export function isText(value: Value): value is string {
  return typeof value === "string";
}

function wordsIn(list: Value | undefined): string[] {
  return isList(list) ? list.filter(isText) : [];
}

function environmentOf(container: Dict): Entry[] {
  const list = container.get("env");
  if (!isList(list)) return [];
  return list.flatMap((item) => {
    const [key, text] = item instanceof Map ? [item.get("name"), item.get("value")] : [];
    return typeof key === "string" && typeof text === "string" ? [{ key, text }] : [];
  });
}
