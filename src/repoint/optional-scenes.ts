import type { DiscoveredImage } from "../discover/discovery.ts";
import { PLACEHOLDER } from "../discover/switches.ts";
import { copyDict, type Dict, type Value } from "../helm/template/value.ts";
import { nested, setAt, type ValuesPath } from "../helm/values/path.ts";
import type { Installation } from "./composer.ts";
import type { TargetNames } from "./names.ts";
import type { Renderer } from "./rendering.ts";
import { Scene } from "./scene.ts";
import type { Spot } from "./spots.ts";

/** Ways to switch one image on that are tried. */
const MAX_WAYS = 3;

/** The user's values, and what looks at them. */
interface Stage {
  readonly given: Dict;
  readonly renderer: Renderer;
  readonly names: TargetNames;
}

/**
 * The chart with each setting that switches an optional image on, as far as discovery could tell it.
 * Images that the same setting switches on are in one scene. What takes fewest settings comes first: of
 * two images that want other values of one key it is the likelier.
 */
export function optionalScenes(images: readonly DiscoveredImage[], stage: Stage): Scene[] {
  const optional = images.filter((one) => one.class === "optional");
  const waiting = new Map(optional.map((one) => [one.image, one]));
  const ways = optional
    .flatMap(({ image, optionalBy }) =>
      optionalBy.slice(0, MAX_WAYS).map((way) => ({ image, way })),
    )
    .toSorted((a, b) => a.way.length - b.way.length);
  const scenes: Scene[] = [];
  for (const { image, way } of ways) {
    if (!waiting.has(image)) continue;
    const scene = sceneFor(way, [...waiting.values()], stage);
    if (scene === undefined) continue;
    for (const { image: shown } of scene.goals.values()) waiting.delete(shown);
    scenes.push(scene);
  }
  return scenes;
}

function sceneFor(
  way: readonly string[],
  wanted: readonly DiscoveredImage[],
  { given, renderer, names }: Stage,
): Scene | undefined {
  const by = way.join("\n");
  const here = wanted.filter((one) => one.optionalBy.some((other) => other.join("\n") === by));
  const paths = here.flatMap(({ evidence }) => evidence.flatMap(({ file }) => file ?? []));
  const images = new Set(here.map(({ image }) => image));
  for (const filled of way.some((text) => text.endsWith(IS_SET)) ? FILLINGS : [null]) {
    const wished = installationFor(way, filled, given);
    if (wished === undefined) return undefined;
    const installation = { ...wished, when: way };
    const only = renderer.filesAt(installation, new Set(paths));
    const wants = ({ image }: Spot): boolean => images.has(image);
    const scene = new Scene({ renderer, names }, installation, { only, wants });
    if (scene.goals.size > 0) return scene;
  }
  return undefined;
}

/** The user's values with what switches something on. */
function installationFor(
  way: readonly string[],
  filled: Value,
  given: Dict,
): Installation | undefined {
  const values = copyDict(given);
  const apis: string[] = [];
  for (const text of way) {
    const setting = parseSetting(text, filled);
    if (setting === undefined) return undefined;
    if ("api" in setting) apis.push(setting.api);
    else setAt(values, setting.path, setting.value);
  }
  return { values, apis };
}

const IS_SET = " is set";

/** What a setting of which only that it is set is known may have been filled with. */
const FILLINGS: readonly Value[] = [
  PLACEHOLDER,
  [nested(["name"], PLACEHOLDER)],
  nested([PLACEHOLDER, PLACEHOLDER], new Map()),
];

/** Reads what `formatSwitch` writes; undefined for what says something else. */
function parseSetting(
  text: string,
  filled: Value,
): { readonly path: ValuesPath; readonly value: Value } | { readonly api: string } | undefined {
  const api = /^cluster has (\S+)$/.exec(text)?.[1];
  if (api !== undefined) return { api };
  const [, name = "", rest = ""] =
    /^((?:[\w-]+|"(?:[^"\\]|\\.)*")(?:\.(?:[\w-]+|"(?:[^"\\]|\\.)*"))*)(=.*| is set)$/s.exec(
      text,
    ) ?? [];
  if (name === "") return undefined;
  const path = [...name.matchAll(/[\w-]+|"(?:[^"\\]|\\.)*"/g)].map(([key]) =>
    key.startsWith('"') ? String(JSON.parse(key)) : key,
  );
  return { path, value: rest === IS_SET ? filled : typed(rest.slice(1)) };
}

function typed(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
