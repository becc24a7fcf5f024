import type { Command } from "commander";
import type { Defaults, RunOptions } from "../index.ts";
import type { OutputFlags } from "./report-output.ts";
import { Output } from "./report-output.ts";
import type { Io } from "./io.ts";

/** What a command's action gets besides its own arguments. */
export interface Session {
  readonly io: Io;
  readonly output: Output;
  /** What this user and machine bring along, below what flags say. */
  readonly defaults: Defaults;
  /** Ends the program with this code when the action is done. */
  readonly exit: (code: number) => void;
}

/** What a story needs of the process: to be stopped, to be heard, and room to work in. */
export function runOptions(
  { io, output, defaults }: Session,
  flags: { readonly workDir?: string } = {},
): RunOptions {
  return {
    signal: io.signal,
    onEvent: output.progress.listen,
    workDirectory: flags.workDir ?? defaults.workDirectory,
  };
}

/** A command adds itself to the program; its action loads the library only when it runs. */
export type AddCommand = (program: Command, start: StartSession) => void;

export type StartSession = (flags: OutputFlags) => Promise<Session>;

export function sessionStarter(io: Io, exit: (code: number) => void): StartSession {
  return async (flags) => {
    const { defaults } = await import("../index.ts");
    return { io, output: new Output(io, flags), defaults: defaults(io.env), exit };
  };
}
