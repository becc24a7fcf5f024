/** `foo bar` to `Foo Bar`. */
export function title(text: string): string {
  return text.replace(/(?<![\p{L}\p{Nd}_'])\p{Ll}/gu, (letter) => letter.toUpperCase());
}

/** `FirstName` to `first_name`. */
export function snakeCase(text: string): string {
  return text
    .replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .replace(/[\s-]+/g, "_")
    .toLowerCase();
}

/** `http_server` to `HttpServer`. */
export function camelCase(text: string): string {
  return text
    .split(/[\s_-]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}

/** Breaks lines at spaces, as near to `width` as words allow. */
export function wrapped(text: string, width: number, separator: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(separator);
}
