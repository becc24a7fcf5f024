import { isBundleName } from "../bundle/format.ts";
import { DrayError } from "../errors.ts";
import { UNSAID_VERSION } from "./assumptions.ts";
import type { Ingredients } from "./gather.ts";
import type { Recipe } from "./recipe/recipe.ts";

const ENDING = ".tar.gz";
const DELTA_ENDING = ".delta.tar.gz";
const USUAL_NAME = "bundle";

/** What a bundle is called, and where it is written. */
export interface BundleName {
  readonly name: string;
  readonly version: string;
  readonly output: string;
}

export interface NamingOptions {
  readonly recipe: Recipe;
  readonly output?: string | undefined;
  /** Some of it stays behind. @default false */
  readonly isDelta?: boolean | undefined;
}

/** @throws DrayError `DRAY_RECIPE_INVALID` */
export function nameBundle(
  ingredients: Ingredients,
  { recipe, output, isDelta = false }: NamingOptions,
): BundleName {
  const { name, version } = identify(recipe, ingredients);
  const ending = isDelta ? DELTA_ENDING : ENDING;
  return { name, version, output: output ?? `${name}-${version}${ending}` };
}

/** Where what a recipe names is written if nobody says where, whole or without what is there. */
export function usualOutputs({
  name = USUAL_NAME,
  version = UNSAID_VERSION,
}: Partial<Recipe>): string[] {
  return [ENDING, DELTA_ENDING].map((ending) => `${name}-${version}${ending}`);
}

/** What the recipe says, else the one chart's own name and version. */
function identify(
  { name, version }: Recipe,
  { charts, adopted }: Ingredients,
): { name: string; version: string } {
  const metadata = charts.length === 1 ? charts[0]?.chart.metadata : adopted.identity;
  const identity = {
    name: name ?? metadata?.name ?? USUAL_NAME,
    version: version ?? metadata?.version ?? UNSAID_VERSION,
  };
  for (const [field, value] of Object.entries(identity)) {
    if (isBundleName(value)) continue;
    throw new DrayError(
      "DRAY_RECIPE_INVALID",
      `Cannot use bundle ${field} ${JSON.stringify(value)}: expected letters, digits, dots, dashes, plus signs and underscores`,
      { kind: "usage" },
    );
  }
  return identity;
}
