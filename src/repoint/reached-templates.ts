import { shownPath, templatesOf, textOf } from "../chart/chart.ts";
import { append } from "../content/append.ts";
import type { TemplateSet } from "../helm/render/template-set.ts";
import { allInstances, type Instance } from "../helm/values/compose.ts";

/** The text of a template and of every file with a template that it calls, in any number of steps. */
export function reachedTexts(
  { set, root }: { readonly set: TemplateSet; readonly root: Instance },
  name: string,
): string[] {
  const file = set.files.find((one) => one.name === name);
  if (file === undefined) return [];
  const called = new Set<string>();
  const files = new Set<string>([file.template.file]);
  const waiting = [...file.template.body.literals];
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    const define = set.defines.get(text);
    if (define === undefined || called.has(text)) continue;
    called.add(text);
    files.add(define.file);
    append(waiting, define.body.literals);
  }
  return allInstances(root).flatMap(({ chart }) =>
    templatesOf(chart)
      .filter((path) => files.has(shownPath(chart, path)))
      .map((path) => textOf(chart, path)),
  );
}

/** `$image.registry`, `get $image "registry"`: names and texts behind which no further name stands. */
const WORD = /[."]([A-Za-z][\w-]{0,60})(?=["\s)}|])/g;

/** What templates may call a setting. */
export function wordsIn(texts: readonly string[]): string[] {
  const found = new Set<string>();
  for (const text of texts) {
    for (const [, word = ""] of text.matchAll(WORD)) found.add(word);
  }
  return [...found];
}
