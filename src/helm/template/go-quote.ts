const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** What Go shows as it is: of all spaces only the one of ASCII. */
const UNPRINTABLE = /[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/u;
const IN_TEXT = /["\\]|[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/gu;
const IN_ASCII_TEXT = /["\\]|[^ -~]/gu;

/** Go's `strconv.Quote`, or `QuoteToASCII`. */
export function goQuote(text: string, toAscii = false): string {
  return `"${text.replace(toAscii ? IN_ASCII_TEXT : IN_TEXT, escaped)}"`;
}

function escaped(character: string): string {
  return character === '"' ? '\\"' : escape(character);
}

/** Go's `strconv.QuoteRune`, or `QuoteRuneToASCII`. */
export function goQuoteRune(character: string, toAscii = false): string {
  if (character === "'") return String.raw`'\''`;
  const plain = toAscii ? /^[ -~]$/.test(character) : isPrintable(character);
  return `'${character !== "\\" && plain ? character : escape(character)}'`;
}

export function isPrintable(character: string): boolean {
  return !UNPRINTABLE.test(character);
}

/** True for what can stand between backquotes. */
export function canBackquote(text: string): boolean {
  return !/[`\u007F\uFEFF]|[^\P{Cc}\t]/u.test(text);
}

function escape(character: string): string {
  const short = ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
