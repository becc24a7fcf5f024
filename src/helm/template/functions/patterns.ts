import { compileRegex, quoteMeta, type Match, type Regex } from "../../../chart/regex.ts";
import type { Budget } from "../budget.ts";
import { fn, type Call, type TemplateFunction } from "../signature.ts";
import { TemplateError } from "../template-error.ts";
import { ofType } from "../value.ts";

/** States of one match: some tenths of a second. */
const MAX_STATES = 32_000_000;

/** What costs about as much as one step of a template: characters at best, states at worst. */
const CHARACTERS_PER_STEP = 256;
const STATES_PER_STEP = 32_768;

const match = fn(["string", "string"], ([pattern, text], call) => {
  call.compared([text, ...textsOf(pattern)]);
  return compile(pattern, text, call).test(text);
});

/** Sprig takes what is no pattern for one that matches nothing. */
const matchAny = fn(["string", "string"], ([pattern, text], call) =>
  isNoPattern(pattern) ? false : match([pattern, text], call),
);

function isNoPattern(pattern: string): boolean {
  const regex = compileRegex(pattern);
  return "problem" in regex && regex.problem.startsWith("error parsing regexp");
}

/** Texts that a plain pattern matches, such as `^v2` or `(ha|cluster)$`. */
function textsOf(pattern: string): readonly string[] {
  const plain = pattern.replaceAll(/^\^?\(?|\)?\$?$/g, "").replaceAll(/\\(?=\W)/g, "");
  return plain.split("|");
}

const find = fn(["string", "string"], ([pattern, text], call) => {
  for (const { start, end } of matches(pattern, text, call)) return text.slice(start, end);
  return "";
});
const findAll = fn(["string", "string", "int"], ([pattern, text, count], call) => {
  const found: string[] = [];
  for (const { start, end } of matches(pattern, text, call)) {
    if (found.length === count) break;
    found.push(text.slice(start, end));
  }
  return ofType("[]string", found);
});
const replaceAll = fn(["string", "string", "string"], ([pattern, text, replacement], call) =>
  replaced(matches(pattern, text, call), text, (one) => expanded(replacement, one, call.budget)),
);
const replaceLiteral = fn(["string", "string", "string"], ([pattern, text, replacement], call) =>
  replaced(matches(pattern, text, call), text, () => {
    call.budget.text(replacement.length);
    return replacement;
  }),
);
const split = fn(["string", "string", "int"], (args, call) =>
  ofType("[]string", partsOf(args, call)),
);

function partsOf([pattern, text, count]: readonly [string, string, number], call: Call): string[] {
  if (count === 0) return [];
  if (pattern !== "" && text === "") return [""];
  const parts: string[] = [];
  let [from, end] = [0, 0];
  for (const one of matches(pattern, text, call)) {
    if (parts.length === count - 1) break;
    end = one.start;
    if (one.end > 0) parts.push(text.slice(from, end));
    from = one.end;
  }
  return end === text.length ? parts : [...parts, text.slice(from)];
}

/** Regular expressions. https://masterminds.github.io/sprig/strings.html */
export const PATTERNS: Readonly<Record<string, TemplateFunction>> = {
  regexMatch: matchAny,
  mustRegexMatch: match,
  regexFind: find,
  mustRegexFind: find,
  regexFindAll: findAll,
  mustRegexFindAll: findAll,
  regexReplaceAll: replaceAll,
  mustRegexReplaceAll: replaceAll,
  regexReplaceAllLiteral: replaceLiteral,
  mustRegexReplaceAllLiteral: replaceLiteral,
  regexSplit: split,
  mustRegexSplit: split,
  regexQuoteMeta: fn(["string"], ([text]) => quoteMeta(text)),
};

/** @throws TemplateError for what is no pattern, and for one that would take too long in `text` */
function compile(pattern: string, text: string, { budget }: Call): Regex {
  const regex = compileRegex(pattern);
  if ("problem" in regex) throw new TemplateError(regex.problem);
  budget.step(regex.size + costOf(regex, text));
  if (regex.workIn(text) > MAX_STATES) {
    throw new TemplateError("a regular expression takes too long");
  }
  return regex;
}

function costOf(regex: Regex, text: string): number {
  const steps = text.length / CHARACTERS_PER_STEP + regex.workIn(text) / STATES_PER_STEP;
  return 1 + Math.floor(steps);
}

/** Each match is paid for as if the search for it had gone through all of the text. */
function* matches(pattern: string, text: string, call: Call): Generator<Match> {
  const regex = compile(pattern, text, call);
  for (const one of regex.matchesIn(text)) {
    yield one;
    call.budget.step(costOf(regex, text));
  }
}

function replaced(found: Iterable<Match>, text: string, by: (one: Match) => string): string {
  let result = "";
  let from = 0;
  for (const one of found) {
    result += text.slice(from, one.start) + by(one);
    from = one.end;
  }
  return result + text.slice(from);
}

/** `$1`, `${1}` and `${name}`; a name goes as far as it can. */
function expanded(template: string, one: Match, budget: Budget): string {
  const text = template.replace(
    /\$(?:\$|\{(\w+)\}|(\w+))/g,
    (all, braced?: string, bare?: string) => (all === "$$" ? "$" : one.group(braced ?? bare ?? "")),
  );
  budget.text(text.length);
  return text;
}
