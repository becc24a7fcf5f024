import { DrayError } from "../../errors.ts";
import { parseDigest, type Digest } from "../../oci/digest.ts";
import { z } from "../../oci/schema.ts";
import { strangerIn } from "../../oci/stranger.ts";
import { pickTexts } from "../../yaml/texts.ts";

/** The largest published indexes have some 40 MB. */
export const MAX_INDEX_BYTES = 128 * 1024 * 1024;

/** Versions of one chart; the longest published lists have some thousand. */
const MAX_VERSIONS = 100_000;

/** Places for one file. */
const MAX_URLS = 20;

/** One version of a chart in a repository. */
export interface IndexEntry {
  readonly version: string;
  /** Relative to the repository or absolute, in the order in which they are to be tried. */
  readonly urls: readonly string[];
  /** Of the packed chart, where the index has one. */
  readonly digest: Digest | undefined;
}

const entrySchema = z.object({
  version: z.string(),
  urls: z.array(z.string()).catch([]),
  digest: z.string().nullish(),
});

/**
 * The versions of chart `name` in an `index.yaml`, which may be JSON. Entries that are none are
 * passed over, as Helm does.
 * https://helm.sh/docs/topics/chart_repository/#the-index-file
 *
 * @throws DrayError `DRAY_CHART_REPOSITORY_INVALID`
 */
export function readIndex(bytes: Buffer, name: string, what: string): IndexEntry[] {
  const listed = readEntries(bytes.toString("utf8"), name, what);
  if (listed === undefined) return [];
  if (!Array.isArray(listed)) throw invalid(what, `entries.${name} is no list`);
  if (listed.length > MAX_VERSIONS) {
    throw invalid(
      what,
      `expected at most ${MAX_VERSIONS} versions of ${name}, found ${listed.length}`,
    );
  }
  return (listed as unknown[]).flatMap((item): IndexEntry[] => {
    const parsed = entrySchema.safeParse(item);
    if (!parsed.success) return [];
    const { version, urls, digest } = parsed.data;
    return [{ version, urls: urls.slice(0, MAX_URLS), digest: readDigest(digest ?? "") }];
  });
}

/** What stands below `entries.NAME`; undefined if nothing does. */
function readEntries(text: string, name: string, what: string): unknown {
  const plain = text.replace(/^\uFEFF/, "");
  const stranger = strangerIn(plain.slice(0, 1000));
  if (stranger !== undefined) {
    const message = `Cannot read ${what}: expected YAML, found ${stranger.name}`;
    const { hint } = stranger;
    throw new DrayError("DRAY_CHART_REPOSITORY_INVALID", message, { kind: "refused", hint });
  }
  try {
    if (/^\s*\{/.test(plain)) return pickJson(plain, name, what);
    const slice = sliceEntry(plain, name);
    const sliced = slice === undefined ? undefined : trySlice(slice, name, what);
    if (sliced !== undefined) return sliced;
    const entries = pickTexts(plain, ["entries"], what);
    if (!isTable(entries)) throw invalid(what, "it has no entries");
    return Object.hasOwn(entries, name) ? entries[name] : undefined;
  } catch (cause) {
    if (!(cause instanceof DrayError) || cause.code !== "DRAY_YAML_INVALID") throw cause;
    throw new DrayError("DRAY_CHART_REPOSITORY_INVALID", cause.message, {
      kind: "refused",
      cause,
    });
  }
}

/** A block that means nothing by itself is read with everything around it. */
function trySlice(slice: string, name: string, what: string): unknown {
  try {
    return pickTexts(slice, [name], what);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

function pickJson(text: string, name: string, what: string): unknown {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalid(what, "it begins like JSON and is none", cause);
  }
  const entries = isTable(document) ? document["entries"] : undefined;
  if (!isTable(entries)) throw invalid(what, "it has no entries");
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Some servers write the algorithm before it; what is no SHA-256 cannot be compared. */
function readDigest(text: string): Digest | undefined {
  const hex = /^(?:sha256:)?([a-f0-9]{64})$/i.exec(text.trim())?.[1];
  return hex === undefined ? undefined : parseDigest(`sha256:${hex.toLowerCase()}`);
}

function invalid(what: string, reason: string, cause?: unknown): DrayError {
  return new DrayError("DRAY_CHART_REPOSITORY_INVALID", `Cannot read ${what}: ${reason}`, {
    kind: "refused",
    cause,
    hint: "Is this the address of a chart repository? It has an index.yaml.",
  });
}

/**
 * The block of one chart in an index as Helm writes it: `entries:` at the margin, names of charts two
 * blanks in, all that belongs to a chart further in or behind a dash. Reading only that takes a
 * fiftieth of the time. Undefined where the text has another form.
 */
function sliceEntry(text: string, name: string): string | undefined {
  const start = text.startsWith("entries:") ? 0 : text.indexOf("\nentries:") + 1;
  if (!/^entries:[ \t]*(?:#.*)?\r?$/m.test(text.slice(start, start + 200).split("\n")[0] ?? "")) {
    return undefined;
  }
  const heading = onlyLine(text, start, `\n  ${name}:`);
  if (heading === undefined) return undefined;
  const block = text.slice(heading, endOfBlock(text, heading));
  // An anchor or alias may lead out of the block.
  return /[&*]/.test(block) && /(?:^|[\s[{,-])[&*][^\s]/m.test(block) ? undefined : block;
}

/** Where the line that is `wanted` begins, if there is one and no other. */
function onlyLine(text: string, from: number, wanted: string): number | undefined {
  const at = text.indexOf(wanted, from);
  if (at === -1 || text.includes(wanted, at + wanted.length)) return undefined;
  const rest = text.slice(at + wanted.length, at + wanted.length + 3);
  return /^[ \t]*\r?\n/.test(rest) ? at + 1 : undefined;
}

/** The first line after the heading that is no part of the list below it. */
function endOfBlock(text: string, heading: number): number {
  const line = /\n(?: {0,2}[^\s#-]|-| -)/g;
  line.lastIndex = text.indexOf("\n", heading);
  const found = line.exec(text);
  return found === null ? text.length : found.index + 1;
}
