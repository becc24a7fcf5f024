import { isHere, missingHere } from "./folder-file.ts";
import type { ContentFlags } from "./pack-recipe.ts";
import type { Session } from "./session.ts";

/** What is read where nothing says what to gather, if it is there. */
const USUAL_RECIPE = "bundle.yaml";

/** Flags that say what to gather; the others say how. */
const GATHERED = ["image", "imageList", "chart", "file", "from"] as const;

/** True of a word that is a recipe where it could also be a registry. */
export function isRecipeName(word: string): boolean {
  return /\.ya?ml$/i.test(word);
}

/**
 * The recipe that was named, else the one of this folder, unless flags say what to gather. What is taken
 * unnamed, or left unread, is said.
 */
export async function recipeHere(
  named: string | undefined,
  flags: ContentFlags,
  { note }: Session,
): Promise<string | undefined> {
  if (named !== undefined || !(await isHere(USUAL_RECIPE))) return named;
  if (GATHERED.every((flag) => flags[flag] === undefined)) {
    note(`Recipe: ${USUAL_RECIPE} of this folder.\n`);
    return USUAL_RECIPE;
  }
  note(
    `The ${USUAL_RECIPE} of this folder is not read: flags say what to take. Name it for both.\n`,
  );
  return undefined;
}

/** @throws DrayError `DRAY_RECIPE_EMPTY` where neither a recipe nor flags say what to gather */
export async function requireContent(
  recipe: string | undefined,
  flags: ContentFlags,
): Promise<void> {
  if (recipe !== undefined || GATHERED.some((flag) => flags[flag] !== undefined)) return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_RECIPE_EMPTY",
    `Cannot gather anything: neither a recipe nor a flag says what, and ${await missingHere(USUAL_RECIPE)}`,
    {
      kind: "usage",
      hint: "Name images, charts or files, in a bundle.yaml or with --image, --chart, --file, --from.",
    },
  );
}
