import { DrayError } from "../errors.ts";
import { jsonFault, type JsonFault } from "./json-fault.ts";

/** Largest manifest or index that is read: the size the distribution spec asks registries to take. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Nesting no real document reaches; keeps recursive readers off a hostile one's stack. */
const MAX_JSON_DEPTH = 64;

/** Objects and lists in one document: each takes memory far beyond its bytes. */
const MAX_JSON_CONTAINERS = 500_000;

export interface JsonLimits {
  readonly maxBytes: number;
  /** Objects and lists: a million of them small take 1 GiB while they are read. @default 500,000 */
  readonly maxContainers?: number | undefined;
}

/** Names in one object: a table of so many costs a hundred times its bytes, and no real one comes near. */
const MAX_JSON_NAMES = 100_000;

/**
 * Parses JSON as the image spec wants it (I-JSON): UTF-8, no duplicate names, bounded.
 * `what` names the document in errors.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/considerations.md#json
 *
 * @throws DrayError `DRAY_JSON_INVALID`, `DRAY_JSON_TOO_LARGE`
 */
export function parseJson(
  bytes: Uint8Array,
  what: string,
  limits: number | JsonLimits = MAX_MANIFEST_BYTES,
): unknown {
  const given = typeof limits === "number" ? { maxBytes: limits } : limits;
  const { maxBytes, maxContainers = MAX_JSON_CONTAINERS } = given;
  if (bytes.length > maxBytes) {
    throw new DrayError(
      "DRAY_JSON_TOO_LARGE",
      `Cannot read ${what}: expected at most ${maxBytes} bytes, found ${bytes.length}`,
      { kind: "refused" },
    );
  }
  if (containersIn(bytes) > maxContainers) {
    throw new DrayError(
      "DRAY_JSON_TOO_LARGE",
      `Cannot read ${what}: expected at most ${maxContainers} objects and lists, found more`,
      { kind: "refused" },
    );
  }
  const text = decodeUtf8(bytes, what);
  try {
    const value: unknown = JSON.parse(text);
    checkNames(text, what);
    return value;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new NotJson(what, jsonFault(text) ?? { reason: "it is no JSON" });
  }
}

/** What is no JSON, or could be read in two ways. */
export class NotJson extends DrayError {
  /** Why, without a word of the document. */
  readonly unquoted: Pick<JsonFault, "reason" | "hint">;

  constructor(what: string, { reason, found, hint }: JsonFault) {
    const shown = found === undefined ? reason : `${reason}, found ${found}`;
    super("DRAY_JSON_INVALID", `Cannot read ${what}: ${shown}`, { kind: "refused", hint });
    this.unquoted = { reason, hint };
  }
}

/** As many as there are or more: those in texts count too. */
function containersIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x7b || byte === 0x5b) count++;
  return count;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * What editors of Windows put before a text is no part of it. Only for files that have no digest: a
 * manifest with it is refused by registries.
 */
export function withoutBom(bytes: Uint8Array): Uint8Array {
  return BOM.equals(bytes.subarray(0, BOM.length)) ? bytes.subarray(BOM.length) : bytes;
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    throw new NotJson(what, {
      reason: `expected UTF-8 text, found ${isUtf16 ? "UTF-16" : "other bytes"}`,
      hint: isUtf16 ? "PowerShell and editors of Windows write it: save it as UTF-8." : undefined,
    });
  }
}

/** Runs of plain characters are one step each: alternatives one by one would need stack for each. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g;

/**
 * `JSON.parse` keeps the last of two equal names; other readers keep the first. A document that
 * means two things is refused. `text` is known to be well-formed JSON.
 */
function checkNames(text: string, what: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    if (token === "{" || token === "[") {
      open.push(token === "{" ? new Set() : undefined);
      if (open.length > MAX_JSON_DEPTH) {
        throw new NotJson(what, { reason: `it is nested deeper than ${MAX_JSON_DEPTH} levels` });
      }
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (isName(text, match.index + token.length)) {
      const name = JSON.parse(token) as string;
      addName(name, open.at(-1), what);
    }
  }
}

function addName(name: string, names: Set<string> | undefined, what: string): void {
  if (names?.has(name) === true) throw twice(what, name);
  names?.add(name);
  if (names === undefined || names.size <= MAX_JSON_NAMES) return;
  throw new NotJson(what, { reason: `an object has more than ${MAX_JSON_NAMES} names` });
}

const COLON_NEXT = /[ \t\r\n]*:/y;

function isName(text: string, after: number): boolean {
  COLON_NEXT.lastIndex = after;
  return COLON_NEXT.test(text);
}

function twice(what: string, name: string): NotJson {
  const found = `${JSON.stringify(name.slice(0, 100))} twice`;
  return new NotJson(what, { reason: "expected every name once in a table", found });
}
