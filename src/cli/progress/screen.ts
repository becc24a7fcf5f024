import stringWidth from "string-width";
import type { Io } from "../terminal.ts";

/** Where a terminal does not say how large it is. */
const COLUMNS = 80;
const ROWS = 24;

/**
 * Lines at the end of a terminal's screen that are written anew each time. The cursor waits below them:
 * there stands what the terminal shows of Ctrl-C, and however the program ends, the next line is a new one.
 */
export class Screen {
  readonly #stream: Io["stderr"];
  /** How wide each line is that stands there. */
  #widths: readonly number[] = [];

  constructor(stream: Io["stderr"]) {
    this.#stream = stream;
  }

  /** Columns that a line may take. */
  get columns(): number {
    return Math.max(1, this.#columns - 1);
  }

  /** Lines that may stand there and leave something of what was said before. */
  get rows(): number {
    return Math.max(1, (this.#stream.rows || ROWS) - 2);
  }

  draw(lines: readonly string[]): void {
    const shown = lines.map((line) => this.#shorten(line));
    const text = shown.map((line) => `${line}\u001b[K\n`).join("");
    this.#stream.write(`${this.#toTop()}${text}\u001b[J`);
    this.#widths = shown.map((line) => stringWidth(line));
  }

  clear(): void {
    if (this.#widths.length === 0) return;
    this.#stream.write(`${this.#toTop()}\u001b[J`);
    this.#widths = [];
  }

  /** Columns that a text takes. */
  widthOf(text: string): number {
    return stringWidth(text);
  }

  /** As much of a text as has room; the beginning of it is cut: names differ at their end. */
  shortenStart(text: string, columns: number): string {
    if (stringWidth(text) <= columns) return text;
    return `…${fitting([...characters(text)].toReversed(), columns - 1)
      .toReversed()
      .join("")}`;
  }

  /** The same for a whole line, but what is cut is the end. */
  #shorten(line: string): string {
    if (stringWidth(line) <= this.columns) return line;
    return `${fitting([...characters(line)], this.columns - 1).join("")}…`;
  }

  get #columns(): number {
    return this.#stream.columns || COLUMNS;
  }

  /** A terminal that was made narrower has wrapped what stood there. */
  #toTop(): string {
    const heights = this.#widths.map((width) => Math.max(1, Math.ceil(width / this.#columns)));
    const up = heights.reduce((sum, height) => sum + height, 0);
    return up > 0 ? `\r\u001b[${up}A` : "\r";
  }
}

function fitting(all: readonly string[], columns: number): string[] {
  let width = 0;
  const end = all.findIndex((one) => (width += stringWidth(one)) > columns);
  return end === -1 ? [...all] : all.slice(0, end);
}

/** What a reader takes for one character. */
function* characters(text: string): Iterable<string> {
  for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}
