import { lstat } from "node:fs/promises";

/** What commands take from the folder they run in, where nobody names another. */
type FolderFile = "bundle.yaml" | "target.yaml";

/** True if the folder has it. A link that leads nowhere is there: reading it says what is wrong. */
export async function isHere(name: FolderFile): Promise<boolean> {
  return hasName(name);
}

/** That there is none, and what may have been meant for one. */
export async function missingHere(name: FolderFile): Promise<string> {
  const other = name.replace(/yaml$/, "yml");
  const like = (await hasName(other)) ? `; ${other} has to be named` : "";
  return `there is no ${name} here${like}`;
}

async function hasName(name: string): Promise<boolean> {
  try {
    await lstat(name);
    return true;
  } catch (cause) {
    const { systemCode, unreadable } = await import("../index.ts");
    if (systemCode(cause) === "ENOENT") return false;
    throw unreadable(cause, "file", name) ?? cause;
  }
}
