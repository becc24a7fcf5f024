import type { Readable, Writable } from "node:stream";

/** What a command may touch of the process it runs in. */
export interface Io {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?: (mode: boolean) => unknown };
  readonly stdout: Writable & { isTTY?: boolean };
  readonly stderr: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The license of dray and the terms of what it is made of. */
  readonly licenses: () => string;
  /** Hears how many bytes are about to come from others. */
  readonly expectBytes?: (bytes: number) => void;
  /** Whether words have colors. @default "auto": on terminals, and as variables say */
  readonly color?: "auto" | "always" | "never";
  /** Aborted when the user or the system wants the program to stop. */
  readonly signal: AbortSignal;
}

interface Terminal {
  readonly stderr: { readonly isTTY?: boolean };
  readonly env: Io["env"];
}

/** True of a terminal on which lines can be written over; on Windows every one can. */
export function canRedraw({ stderr, env }: Terminal): boolean {
  const kind = env["TERM"] ?? "";
  const isDumb = kind === "dumb" || (kind === "" && env["WINDIR"] === undefined);
  return stderr.isTTY === true && !isDumb;
}

/** What a terminal has shown of Ctrl-C goes from the line that it stands in, or the line ends there. */
export function leaveInterrupt(io: Pick<Io, "stderr" | "env">): void {
  if (io.stderr.isTTY === true) io.stderr.write(canRedraw(io) ? "\r\u001b[K" : "\n");
}

/** Somebody ended the program at a prompt, with Ctrl-C or Ctrl-D. */
export class PromptInterrupted extends Error {}

/**
 * Text for a terminal: what a stranger wrote into a name or message is shown, not executed. Line
 * feeds stay, every other control character becomes visible.
 */
export function printable(text: string): string {
  // C0 without line feed, DEL and C1, and the characters that reorder what stands around them.
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\n" ? character : escaped(character),
  );
}

/** One document, pretty, with nothing in it that a terminal would act upon. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return text.replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
