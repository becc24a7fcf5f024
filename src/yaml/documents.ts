export interface YamlDocument {
  readonly text: string;
  /** Line of the whole text on which it begins, counted from 0. */
  readonly line: number;
}

/** Documents between lines that begin with `---`; those with nothing but comments are left out. */
export function splitDocuments(text: string): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let start = 0;
  let line = 0;
  for (const separator of text.matchAll(/^---(?!-)/gm)) {
    documents.push({ text: text.slice(start, separator.index), line });
    line += countLines(text, start, separator.index);
    start = separator.index + 3;
  }
  documents.push({ text: text.slice(start), line });
  return documents.filter((document) => /^[^\S\n]*[^\s#]/m.test(document.text));
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) {
    lines++;
  }
  return lines;
}
