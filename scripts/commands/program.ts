import { PassThrough } from "node:stream";
import type { Command } from "commander";
import { describedProgram as described } from "../../src/cli/program.ts";
import { VERSION } from "../../src/version.ts";

/** The command line with every flag, as something to write about. */
export function describedProgram(): Promise<Command> {
  return described(VERSION, {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    licenses: () => "",
    signal: new AbortController().signal,
  });
}
