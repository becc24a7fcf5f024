import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChartSession } from "./chart-session.ts";
import { startSession, type Session, type Workplace } from "./session.ts";

const STATUS = "echo $?";

/** A block of a session, or one of a file that the session needs. */
const BLOCK = /^```(console|yaml)\n([^]*?)^```$/gm;

/** The documents with sessions, by their paths. */
export const DOCUMENTS = ["README.md", "docs/charts.md"] as const;

type Document = (typeof DOCUMENTS)[number];

function sessionOf(path: Document, text: string, workplace: Workplace): Promise<Session> {
  if (path === "docs/charts.md") return startChartSession(workplace);
  const recipe = [...text.matchAll(BLOCK)].find(([, kind]) => kind === "yaml")?.[2] ?? "";
  return startSession(recipe, workplace);
}

/**
 * A document with what its commands print, run one after the other by the program `dray`. Lines behind `$ ` are kept and run,
 * if they are dray's or ask for its status; all between them is written anew.
 */
export async function writeAgain(path: Document, text: string, dray: string): Promise<string> {
  const work = await realpath(await mkdtemp(join(tmpdir(), "dray-transcript-")));
  const session = await sessionOf(path, text, { work, dray });
  try {
    let again = "";
    let end = 0;
    for (const { index, 0: whole, 1: kind, 2: content = "" } of text.matchAll(BLOCK)) {
      if (kind !== "console") continue;
      again += text.slice(end, index);
      end = index + whole.length;
      again += `\`\`\`console\n${await printed(content, session)}\`\`\``;
    }
    return again + text.slice(end);
  } finally {
    await session.close();
    await rm(work, { recursive: true, force: true });
  }
}

/** One block: between two commands there is an empty line, but none before a question about the first. */
async function printed(content: string, session: Session): Promise<string> {
  let text = "";
  for (const line of content.split("\n").filter((one) => one.startsWith("$ "))) {
    const command = line.slice(2);
    const isRun = command.startsWith("dray ") || command === STATUS;
    const output = isRun ? await session.run(command) : "";
    text += `${text === "" || command === STATUS ? "" : "\n"}${line}\n${output}`;
  }
  return text;
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
