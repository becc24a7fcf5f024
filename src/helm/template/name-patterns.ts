/** What is made of letters and digits. */
export interface NamePatterns {
  readonly field: RegExp;
  readonly variable: RegExp;
  readonly word: RegExp;
  readonly number: RegExp;
}

function namesOf(letter: string, digit: string, flags: string): NamePatterns {
  const part = `[${letter}${digit}_]`;
  const floats = "0[xX][0-9a-fA-F_]*(?:\\.[0-9a-fA-F_]*)?[pP][+-]?\\d+";
  const integers = "0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+";
  const decimals = "(?:\\d[\\d_]*(?:\\.[\\d_]*)?|\\.\\d[\\d_]*)(?:[eE][+-]?\\d+)?";
  return {
    field: new RegExp(`(?:\\.${part}+)+`, flags),
    variable: new RegExp(`\\$${part}*(?:\\.${part}+)*`, flags),
    word: new RegExp(`[${letter}_]${part}*`, flags),
    number: new RegExp(`[+-]?(?:${floats}|${integers}|${decimals})(?!${part})`, flags),
  };
}

const PLAIN = namesOf("A-Za-z", "0-9", "y");

/** Letters and digits of all scripts: making these ready takes milliseconds, and few charts need them. */
let ofAllScripts: NamePatterns | undefined;
const FIRST_BEYOND_ASCII = 0x80;

/** Where what begins at `at` ends, undefined if it is nothing of this kind. */
export function endOfName(
  kind: keyof NamePatterns,
  source: string,
  at: number,
): number | undefined {
  const end = endOf(PLAIN[kind], source, at);
  const next = end ?? at;
  // Right behind what was found, or behind a point, a letter may go on.
  if (!isBeyondAscii(source, next) && !isBeyondAscii(source, next + 1)) return end;
  ofAllScripts ??= namesOf("\\p{L}", "\\p{Nd}", "uy");
  return endOf(ofAllScripts[kind], source, at);
}

function endOf(pattern: RegExp, source: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : undefined;
}

function isBeyondAscii(source: string, at: number): boolean {
  return source.charCodeAt(at) >= FIRST_BEYOND_ASCII;
}
