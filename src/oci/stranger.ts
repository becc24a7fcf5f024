/** Something else in the place of a document. */
export interface Stranger {
  /** For messages, behind `found`. */
  readonly name: string;
  readonly hint?: string | undefined;
}

const STRANGERS: readonly (readonly [RegExp, Stranger])[] = [
  [/^[\s\0]*$/, { name: "nothing" }],
  [
    /^\s*<(?:!doctype html|html|head|body)/i,
    {
      name: "a web page (HTML)",
      hint: "A login page, an error page or a proxy stands in its place: open it in a browser to see which, then get it again.",
    },
  ],
  [
    /^\s*</,
    {
      name: "XML or HTML",
      hint: "Storage services and proxies answer so when they refuse: look at it, then get it again.",
    },
  ],
  [
    // Read as if it were UTF-8.
    /^\uFFFD\uFFFD[^]\0/,
    { name: "UTF-16", hint: "PowerShell and editors of Windows write it: save it as UTF-8." },
  ],
  [
    /^\uFEFF/,
    {
      name: "a byte order mark before it",
      hint: "An editor has put it there: save the file as UTF-8 without it.",
    },
  ],
  [
    /^version https:\/\/git-lfs/,
    {
      name: "a pointer of Git LFS",
      hint: "Fetch the file that it stands for with `git lfs pull`.",
    },
  ],
];

/** @throws what `fail` makes of it, where a text stands in the place of YAML that is something else */
export function requireYaml(text: string, fail: (reason: string) => Error): void {
  const stranger = /\S/.test(text) ? strangerIn(text.replace(/^\uFEFF/, "")) : undefined;
  if (stranger !== undefined) throw fail(`expected YAML, found ${stranger.name}`);
}

/** What a text is that cannot be a document of JSON or YAML, where that is known. */
export function strangerIn(text: string): Stranger | undefined {
  return STRANGERS.find(([sign]) => sign.test(text))?.[1];
}
