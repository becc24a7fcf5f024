import type { Io } from "./io.ts";
import { printable, printableJson } from "./printable.ts";
import { Progress, type Verbosity } from "./progress.ts";

/** Flags that every command has. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Where a command's result goes: stdout carries the report and nothing else. */
export class Output {
  readonly progress: Progress;
  readonly #io: Io;
  readonly #flags: OutputFlags;

  constructor(io: Io, flags: OutputFlags) {
    this.#io = io;
    this.#flags = flags;
    this.progress = new Progress(io, verbosityOf(flags));
  }

  /** Prints the report: `document` with --json, else `text`, of which --quiet leaves nothing. */
  report(document: unknown, text: () => string): void {
    this.progress.end();
    if (this.#flags.json === true) this.#io.stdout.write(`${printableJson(document)}\n`);
    else if (this.#flags.quiet !== true) this.#io.stdout.write(printable(text()));
  }
}

function verbosityOf({ quiet, verbose }: OutputFlags): Verbosity {
  if (quiet === true) return "quiet";
  return verbose === true ? "verbose" : "normal";
}
