import type { Recipe } from "../index.ts";
import { readInput } from "./read-input.ts";

/** Flags that say what goes into a bundle. */
export interface RecipeFlags {
  readonly image?: readonly string[];
  readonly imageList?: readonly string[];
  readonly chart?: readonly string[];
  readonly file?: readonly string[];
  readonly platform?: readonly string[];
  readonly name?: string;
  readonly bundleVersion?: string;
}

const NOTHING: Recipe = {
  name: undefined,
  version: undefined,
  images: [],
  charts: [],
  files: [],
  platforms: [],
};

/** The recipe file and the flags together; flags come last and win. */
export async function readRecipe(path: string | undefined, flags: RecipeFlags): Promise<Recipe> {
  const given = path === undefined ? NOTHING : await readRecipeFile(path);
  const named = await fromFlags(flags);
  return {
    name: named.name ?? given.name,
    version: named.version ?? given.version,
    images: [...given.images, ...named.images],
    charts: [...given.charts, ...named.charts],
    files: [...given.files, ...named.files],
    platforms: named.platforms.length > 0 ? named.platforms : given.platforms,
  };
}

async function readRecipeFile(path: string): Promise<Recipe> {
  const { parseRecipe } = await import("../index.ts");
  return parseRecipe(await readInput(path, "recipe"), path);
}

async function fromFlags(flags: RecipeFlags): Promise<Recipe> {
  const library = await import("../index.ts");
  const { image = [], imageList = [], chart = [], file = [], platform = [] } = flags;
  const listed: Recipe["images"][number][] = [];
  for (const list of imageList) {
    const text = (await readInput(list, "image list")).toString("utf8");
    listed.push(...library.parseImageList(text, list));
  }
  return {
    name: flags.name,
    version: flags.bundleVersion,
    images: [...listed, ...image.map((name) => ({ reference: library.parseImage(name) }))],
    charts: chart.map((name) => library.parseChart(name)),
    files: file.map((name) => library.fileRequest(name)),
    platforms: platform.map(library.parsePlatform),
  };
}

/** The registries that a recipe names. */
export function registriesOf({ images, charts }: Recipe): string[] {
  const ofImages = images.map(({ reference }) => reference.registry);
  const ofCharts = charts.flatMap((chart) => (chart.kind === "oci" ? [chart.registry] : []));
  return [...new Set([...ofImages, ...ofCharts])];
}
