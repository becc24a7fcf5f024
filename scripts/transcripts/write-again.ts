import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSession } from "./session.ts";

/** A block of a session, or one of a file that the session needs. */
const BLOCK = /^```(console|yaml)\n([^]*?)^```$/gm;

/**
 * A document with what its commands print, run one after the other by the program `dray`. Lines behind `$ ` are kept and run,
 * if they are dray's; all between them is written anew.
 */
export async function writeAgain(document: string, dray: string): Promise<string> {
  const work = await realpath(await mkdtemp(join(tmpdir(), "dray-transcript-")));
  const recipe = [...document.matchAll(BLOCK)].find(([, kind]) => kind === "yaml")?.[2] ?? "";
  const session = await startSession(recipe, { work, dray });
  try {
    let again = "";
    let end = 0;
    for (const { index, 0: whole, 1: kind, 2: content = "" } of document.matchAll(BLOCK)) {
      if (kind !== "console") continue;
      again += document.slice(end, index);
      end = index + whole.length;
      const printed: string[] = [];
      for (const line of content.split("\n").filter((one) => one.startsWith("$ "))) {
        const command = line.slice(2);
        const output = command.startsWith("dray ") ? await session.run(command) : "";
        printed.push(`${line}\n${output}`);
      }
      again += `\`\`\`console\n${printed.join("\n")}\`\`\``;
    }
    return again + document.slice(end);
  } finally {
    await session.close();
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The same, without what two runs need not have in common: a new key, what it has signed, and what
 * another version of Node.js has compressed.
 */
export function withoutDigests(document: string): string {
  return document
    .replace(/\b[0-9a-f]{64}\b|(?<=sha256:)[0-9a-f]{12}\b/g, "DIGEST")
    .replace(/\b\d+ (?=bytes|B\b)/g, "N ");
}
