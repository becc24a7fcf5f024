import { stat } from "node:fs/promises";
import { append } from "../content/append.ts";
import { readStart } from "../content/small-file.ts";
import { unreadable } from "../errors.ts";
import type { Finding } from "../finding.ts";
import { readFolder, type FolderFiles } from "./folder-files.ts";
import type { IsOwnFile } from "./own-files.ts";
import type { FileRequest, Recipe } from "./recipe/recipe.ts";

/** Keys are small, and stand in one file with their certificates at most. */
const MAX_KEY_BYTES = 64 * 1024;

/** RFC 7468 and its kind, OpenPGP, age. */
const PRIVATE_KEY = /^(?:-----BEGIN [\w ]*PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1)/m;

/** Folders among the files of a recipe become the files below them; what does not travel so is said. */
export async function withFolders(
  recipe: Recipe,
  isOwn: IsOwnFile,
): Promise<{ readonly recipe: Recipe; readonly findings: readonly Finding[] }> {
  const files: FileRequest[] = [];
  const findings: Finding[] = [];
  for (const request of recipe.files) {
    if (await isFolder(request.path)) {
      const folder = await readFolder(request, isOwn);
      append(files, folder.files);
      append(findings, remarksOn(request.path, folder));
      append(findings, await keysAmong(request.path, folder));
    } else files.push(request);
  }
  return { recipe: { ...recipe, files }, findings };
}

/** What is not there is missed by whoever reads it. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

function remarksOn(folder: string, { junk, executables, own }: FolderFiles): Finding[] {
  const remarks: Finding[] = [];
  if (own.length > 0) {
    remarks.push({
      code: "OUTPUT_LEFT_OUT",
      severity: "info",
      entry: folder,
      message: `left out of ${JSON.stringify(folder)}, as this command writes it: ${some(own)}`,
    });
  }
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

/** Somebody who names a folder may not think of the key that lies in it. */
async function keysAmong(folder: string, { files }: FolderFiles): Promise<Finding[]> {
  const keys: string[] = [];
  for (const { path, as } of files) {
    if (await isPrivateKey(path)) keys.push(as);
  }
  if (keys.length === 0) return [];
  return [
    {
      code: "PRIVATE_KEY_PACKED",
      severity: "warning",
      entry: folder,
      message: `in ${JSON.stringify(folder)} are private keys, which whoever has the bundle can read: ${some(keys)}`,
      hint: "Move them out of the folder and pack again, unless the other side is to have them.",
    },
  ];
}

async function isPrivateKey(path: string): Promise<boolean> {
  try {
    const bytes = await readStart(path, MAX_KEY_BYTES);
    return bytes.length <= MAX_KEY_BYTES && PRIVATE_KEY.test(bytes.toString("latin1"));
  } catch (cause) {
    throw unreadable(cause, "file", path) ?? cause;
  }
}

function some(names: readonly string[]): string {
  const more = names.length - 5;
  return `${names.slice(0, 5).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
