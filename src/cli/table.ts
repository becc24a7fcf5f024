const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people read them: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Columns as wide as their widest cell; the last one is left as it is. */
export function formatTable(rows: readonly (readonly string[])[], indent = ""): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line) => `${indent}${line}\n`).join("");
}

/** Text below its title; nothing at all where there is no text. */
export function section(title: string, text: string): string {
  return text === "" ? "" : `${title}\n${text}`;
}

/** What there is of `parts`, with an empty line between them. */
export function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Enough of a digest for a person to tell it from others. */
export function shortDigest(digest: string): string {
  return digest.replace(/^(sha\d+:[a-f0-9]{12})[a-f0-9]*$/, "$1");
}
