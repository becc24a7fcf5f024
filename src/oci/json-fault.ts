import { strangerIn } from "./stranger.ts";

/** Why a text is no JSON. */
export interface JsonFault {
  /** With its place, and without a word of the text. */
  readonly reason: string;
  /** What stands at that place. */
  readonly found?: string | undefined;
  readonly hint?: string | undefined;
}

/** Where a text stops being JSON, and why; undefined if it is JSON. */
export function jsonFault(text: string): JsonFault | undefined {
  const stranger = strangerIn(text);
  if (stranger === undefined) return syntaxFault(text);
  return { reason: `expected JSON, found ${stranger.name}`, hint: stranger.hint };
}

/** What may come next: brackets and signs as they stand, `s` for a text, `v` for any other value. */
const STATES = {
  value: ["{[sv", "a value"],
  item: ["{[sv]", "a value or ]"],
  name: ["s", "a name in quotes"],
  entry: ["s}", "a name in quotes or }"],
  colon: [":", "a colon"],
  itemEnd: [",]", "a comma or ]"],
  entryEnd: [",}", "a comma or }"],
  end: ["", "its end"],
} as const;

type State = keyof typeof STATES;

/** A sign, a text or any other value, behind blanks. Runs of plain characters are one step each. */
const TOKEN =
  // eslint-disable-next-line no-control-regex
  /[ \t\r\n]*(?:([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.+-]))/y;

function syntaxFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let state: State = "value";
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    const kind = token === null ? "?" : (token[1] ?? (token[2] === undefined ? "v" : "s"));
    if (!STATES[state][0].includes(kind)) break;
    at = TOKEN.lastIndex;
    state = next(kind, state, open);
  }
  const start = at + (/[^ \t\r\n]/.exec(text.slice(at))?.index ?? text.length - at);
  if (start < text.length) return faultAt(text, start, STATES[state][1]);
  return state === "end"
    ? undefined
    : { reason: `it is cut off at its end, ${placeOf(text, start)}` };
}

/** By the bracket: what may stand behind it, behind a comma in it, and behind a value in it. */
const INSIDE: Readonly<Record<string, { first: State; other: State; end: State }>> = {
  "{": { first: "entry", other: "name", end: "entryEnd" },
  "[": { first: "item", other: "value", end: "itemEnd" },
};

function next(kind: string, state: State, open: string[]): State {
  const isName = kind === "s" && (state === "name" || state === "entry");
  if (isName) return "colon";
  if (kind === ":") return "value";
  const inside = INSIDE[kind];
  if (inside !== undefined) {
    open.push(kind);
    return inside.first;
  }
  if (kind === "}" || kind === "]") open.pop();
  const around = INSIDE[open.at(-1) ?? ""];
  if (around === undefined) return "end";
  return kind === "," ? around.other : around.end;
}

/** More of it would say no more. */
const SHOWN = 20;

function faultAt(text: string, at: number, wanted: string): JsonFault {
  const found = JSON.stringify(text.slice(at, at + SHOWN));
  return { reason: `${placeOf(text, at)}: expected ${wanted}`, found };
}

function placeOf(text: string, at: number): string {
  let [line, start] = [1, 0];
  for (let end = text.indexOf("\n"); end !== -1 && end < at; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${at - start + 1}`;
}
