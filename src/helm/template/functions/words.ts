/** One character makes one, so that `ß` stays. */
export function upper(text: string): string {
  const whole = text.toUpperCase();
  if (whole.length === text.length) return whole;
  return Array.from(text, (one) => {
    const large = one.toUpperCase();
    return large.length === one.length ? large : one;
  }).join("");
}

/** `foo bar` to `Foo Bar`. */
export function title(text: string): string {
  return text.replace(/(?<![\p{L}\p{Nd}_])\p{Ll}/gu, (letter) => letter.toUpperCase());
}

/** `FirstName` to `first_name`. */
export function snakeCase(text: string): string {
  return text
    .replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .replace(/[\s-]+/g, "_")
    .toLowerCase();
}

/** `http_server` to `HttpServer`; what joins words at the beginning stays, and of several one. */
export function camelCase(text: string): string {
  const lead = /^[\s_-]*/.exec(text)?.[0] ?? "";
  const words = text.slice(lead.length);
  const inner = words.replace(/([\s_-]+)([^\s_-]|$)/g, (_all, joints: string, next: string) =>
    next === "" ? joints : joints.slice(1) + next.toUpperCase(),
  );
  return lead + inner.slice(0, 1).toUpperCase() + inner.slice(1);
}

export interface Wrapping {
  readonly width: number;
  readonly separator: string;
  /** Words that are longer than a line are broken too. */
  readonly breaksWords: boolean;
}

/** Breaks lines at spaces. https://github.com/Masterminds/goutils/blob/v1.1.1/wordutils.go */
export function wrapped(text: string, { width, separator, breaksWords }: Wrapping): string {
  const most = Math.max(1, width);
  const lines: string[] = [];
  let at = 0;
  while (text.length - at > most) {
    if (text[at] === " ") {
      at++;
      continue;
    }
    const space = lastSpace(text, at, at + most);
    if (space === undefined && breaksWords) {
      lines.push(text.slice(at, at + most));
      at += most;
      continue;
    }
    const end = space ?? text.indexOf(" ", at + most);
    if (end === -1) break;
    lines.push(text.slice(at, end));
    at = end + 1;
  }
  return [...lines, text.slice(at)].join(separator);
}

function lastSpace(text: string, from: number, to: number): number | undefined {
  const at = text.slice(from, to + 1).lastIndexOf(" ");
  return at === -1 ? undefined : from + at;
}

/** Shortens a text at its end, or at both where `left` characters are to be left out before. */
export function abbreviated(text: string, left: number, width: number): string {
  if (width < 4 || (left > 0 && width < 7) || text.length <= width) return text;
  const most = width - 3;
  const start = Math.min(left, text.length, text.length - most);
  if (start <= 4) return `${text.slice(0, most)}...`;
  const end =
    text.length - start <= most ? text.slice(-most) : abbreviated(text.slice(start), 0, most);
  return `...${end}`;
}
