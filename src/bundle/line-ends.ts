import type { Entry } from "../archive/scan.ts";
import { collect, type Bytes } from "../content/content.ts";
import type { Finding } from "../finding.ts";
import { INDEX_FILE, LAYOUT_FILE } from "../oci/image-layout.ts";
import { CONTENTS_FILE, README_FILE } from "./format.ts";
import { inMemory, REPAIR_HINT, sumOf, type Mending } from "./mending.ts";

/** What is put right is kept in memory: texts, not layers. */
const MAX_MENDED_BYTES = 1024 * 1024;
const MAX_MENDED_TOTAL = 64 * 1024 * 1024;

/** Whoever changes line ends changes those of these too. */
const TEXTS: readonly string[] = [README_FILE, CONTENTS_FILE, INDEX_FILE, LAYOUT_FILE];

const CR = 0x0d;

/**
 * Undoes what a transfer as text does: every LF made CR LF. It is undone where that gives the
 * content that the list has; what is too large for that is named and stays altered.
 */
export async function mendLineEnds(mending: Mending): Promise<Finding[]> {
  const { sums, entries } = mending;
  const mended: string[] = [];
  const large: string[] = [];
  let left = MAX_MENDED_TOTAL;
  for (const path of [...TEXTS, ...sums.keys()]) {
    const entry = entries.get(path);
    // Where nothing was hashed, what is no text is looked at only when texts were changed.
    const isSuspect = TEXTS.includes(path) || entry?.sha256 !== undefined || mended.length > 0;
    if (entry === undefined || !isSuspect || !(await isTranslated(mending, path, entry))) continue;
    if (entry.size > MAX_MENDED_BYTES || entry.size > left) {
      large.push(path);
      continue;
    }
    left -= entry.size;
    entries.set(path, inMemory(path, await collect(undone(mending.view.open(entry)))));
    mended.push(path);
  }
  return [...mendedFinding(mended), ...large.map(tooLarge)];
}

/** True if the content is what the list says once every CR LF is LF again. */
async function isTranslated({ view, sums }: Mending, path: string, entry: Entry): Promise<boolean> {
  const sum = sums.get(path);
  if (sum === undefined || entry.sha256 === sum || !view.canOpen(entry)) return false;
  if (entry.sha256 === undefined && entry.size > MAX_MENDED_BYTES) return false;
  if (entry.sha256 === undefined && (await sumOf(view.open(entry))) === sum) return false;
  return (await sumOf(undone(view.open(entry)))) === sum;
}

/** The bytes before every LF was made CR LF; undefined if that was not done to them. */
export function withoutCr(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString("latin1");
  if (/(?<!\r)\n/.test(text)) return undefined;
  return Buffer.from(text.replaceAll("\r\n", "\n"), "latin1");
}

/** The same in pieces; it ends where it turns out that nothing was done to the content. */
async function* undone(content: Bytes): Bytes {
  let rest: Uint8Array = Buffer.alloc(0);
  for await (const piece of content) {
    const bytes = Buffer.concat([rest, piece]);
    // A CR at the end waits for what comes.
    const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
    const before = withoutCr(bytes.subarray(0, end));
    if (before === undefined) return;
    yield before;
    rest = bytes.subarray(end);
  }
  yield rest;
}

function mendedFinding(paths: readonly string[]): Finding[] {
  const [first] = paths;
  if (first === undefined) return [];
  const files = paths.length === 1 ? "1 file" : `${paths.length} files`;
  const message = `The line ends of ${files} were changed to CR LF on the way, such as those of ${first}; they are undone`;
  return [
    { code: "LINE_ENDS_CHANGED", severity: "info", entry: first, message, hint: REPAIR_HINT },
  ];
}

function tooLarge(path: string): Finding {
  return {
    code: "LINE_ENDS_CHANGED",
    severity: "error",
    entry: path,
    message: `${path} was carried as text: every LF in it became CR LF`,
    hint: "Copy the bundle again as binary, or as one file.",
  };
}
