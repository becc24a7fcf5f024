import { stat } from "node:fs/promises";
import { append } from "../content/append.ts";
import type { Finding } from "../finding.ts";
import { readFolder, type FolderFiles } from "./folder-files.ts";
import type { FileRequest, Recipe } from "./recipe/recipe.ts";

/** Folders among the files of a recipe become the files below them; what does not travel so is said. */
export async function withFolders(
  recipe: Recipe,
): Promise<{ readonly recipe: Recipe; readonly findings: readonly Finding[] }> {
  const files: FileRequest[] = [];
  const findings: Finding[] = [];
  for (const request of recipe.files) {
    if (await isFolder(request.path)) {
      const folder = await readFolder(request);
      append(files, folder.files);
      append(findings, remarksOn(request.path, folder));
    } else files.push(request);
  }
  return { recipe: { ...recipe, files }, findings };
}

/** What is not there is missed by whoever reads it. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

function remarksOn(folder: string, { junk, executables }: FolderFiles): Finding[] {
  const remarks: Finding[] = [];
  if (junk.length > 0) {
    remarks.push({
      code: "JUNK_STRIPPED",
      severity: "info",
      entry: folder,
      message: `left out of ${JSON.stringify(folder)}, as systems add it to folders: ${some(junk)}`,
    });
  }
  if (executables.length > 0) {
    remarks.push({
      code: "EXECUTABLE_LOST",
      severity: "info",
      entry: folder,
      message: `in ${JSON.stringify(folder)} are executables, which travel as plain files: ${some(executables)}`,
      hint: "What is to be run there travels under `tools:` in bundle.yaml, or in an archive.",
    });
  }
  return remarks;
}

function some(names: readonly string[]): string {
  const more = names.length - 5;
  return `${names.slice(0, 5).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
