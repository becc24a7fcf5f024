import { Regex } from "../regex/regex.ts";
import { fn, type Call, type TemplateFunction } from "../signature.ts";

const match = fn(["string", "string"], ([pattern, text], call) => {
  call.compared([text, pattern]);
  return compile(pattern, call).find(text, 0) !== undefined;
});
const find = fn(["string", "string"], ([pattern, text], call) => {
  const found = compile(pattern, call).find(text, 0);
  return found === undefined ? "" : text.slice(found.start, found.end);
});
const findAll = fn(["string", "string", "int"], ([pattern, text, count], call) =>
  compile(pattern, call)
    .findAll(text, count)
    .map(({ start, end }) => text.slice(start, end)),
);
const replaceAll = fn(["string", "string", "string"], ([pattern, text, replacement], call) =>
  compile(pattern, call).replace(text, (groups) => expanded(replacement, groups)),
);
const replaceLiteral = fn(["string", "string", "string"], ([pattern, text, replacement], call) =>
  compile(pattern, call).replace(text, () => replacement),
);
const split = fn(["string", "string", "int"], ([pattern, text, count], call) =>
  compile(pattern, call).split(text, count),
);

/** Regular expressions. https://masterminds.github.io/sprig/strings.html */
export const PATTERNS: Readonly<Record<string, TemplateFunction>> = {
  regexMatch: match,
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
  regexQuoteMeta: fn(["string"], ([text]) => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")),
};

function compile(pattern: string, { budget }: Call): Regex {
  return new Regex(pattern, (steps) => budget.step(steps));
}

/** `$1`, `${1}` and `${name}`; a name goes as far as it can. */
function expanded(template: string, groups: ReadonlyMap<string, string>): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (all, braced?: string, bare?: string) =>
    all === "$$" ? "$" : (groups.get(braced ?? bare ?? "") ?? ""),
  );
}
