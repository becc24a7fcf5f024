import type { Readable, Writable } from "node:stream";

/** What a command may touch of the process it runs in. */
export interface Io {
  readonly stdin: Readable & { isTTY?: boolean; setRawMode?: (mode: boolean) => unknown };
  readonly stdout: Writable;
  readonly stderr: Writable & { isTTY?: boolean; columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user or the system wants the program to stop. */
  readonly signal: AbortSignal;
}
