import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChartSession } from "./chart-session.ts";
import { startSession, type Session, type Workplace } from "./session.ts";

const STATUS = "echo $?";

/** A block of a session, or one of a file that the session needs. */
const BLOCK = /^```(console|yaml)\n([^]*?)^```$/gm;

/** The plain files of a recipe, which no registry can say to have. */
const FILES = /^files:\n(?: .*\n)+/m;

/** What README.md does, up to the bundle and up to the push of it. */
const PACKED = ["dray keygen release", "dray pack bundle.yaml --sign-key release.key"];
const PUSHED = [
  ...PACKED,
  "dray push shop-1.4.0.tar.gz registry.internal:5000/mirror --key release.pub",
];

/** The documents with sessions, by their paths, and what their reader has done before, with the files of README.md. */
const BEFORE = {
  "README.md": [],
  "docs/charts.md": [],
  "docs/copying.md": [],
  "docs/keys.md": PACKED,
  "docs/mirrors.md": [],
  "docs/nightly.md": [...PUSHED, "dray inventory registry.internal:5000/mirror -o since.json"],
  "docs/preflight.md": [],
  "docs/pushing.md": PACKED,
} as const;

type Document = keyof typeof BEFORE;

export const DOCUMENTS = Object.keys(BEFORE) as Document[];

/** The text of a document, by its path. */
type Read = (path: Document) => Promise<string>;

async function sessionOf(path: Document, read: Read, workplace: Workplace): Promise<Session> {
  if (path === "docs/charts.md") return startChartSession(workplace);
  const blocks = [...(await read("README.md")).matchAll(BLOCK)];
  const recipe = blocks.find(([, kind]) => kind === "yaml")?.[2] ?? "";
  const taken = path === "docs/nightly.md" ? recipe.replace(FILES, "") : recipe;
  const session = await startSession(taken, workplace);
  for (const line of BEFORE[path]) await session.run(line);
  return session;
}

/**
 * A document with what its commands print, run one after the other by the program `dray`. Lines behind `$ ` are kept and run,
 * if they are dray's or ask for its status; all between them is written anew.
 */
export async function writeAgain(path: Document, read: Read, dray: string): Promise<string> {
  const work = await realpath(await mkdtemp(join(tmpdir(), "dray-transcript-")));
  const text = await read(path);
  const session = await sessionOf(path, read, { work, dray });
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
