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

/** What a text is that cannot be a document of JSON or YAML, where that is known. */
export function strangerIn(text: string): Stranger | undefined {
  return STRANGERS.find(([sign]) => sign.test(text))?.[1];
}
