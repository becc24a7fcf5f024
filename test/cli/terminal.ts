import { PassThrough, Readable } from "node:stream";
import { VERSION } from "../../src/version.ts";
import { run } from "../../src/cli/program.ts";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Somebody sits at a terminal and types this. */
  readonly typed?: string | undefined;
  readonly signal?: AbortSignal;
  /** Called when something is printed. */
  readonly onStdout?: (() => void) | undefined;
  /** Called when something is said on stderr. */
  readonly onStderr?: (() => void) | undefined;
}

/** Runs one command line in this process, with streams and environment of its own. */
export async function dray(
  argv: readonly string[],
  { env = {}, stdin = "", typed, onStdout, onStderr, ...options }: TerminalOptions = {},
): Promise<Outcome> {
  const stdout = new Sink(onStdout);
  const stderr = new Sink(onStderr);
  const code = await run(argv, VERSION, {
    stdin: typed === undefined ? Readable.from([stdin]) : keyboard(typed),
    stdout: stdout.stream,
    stderr: Object.assign(stderr.stream, { isTTY: typed !== undefined }),
    // Nothing of the machine that runs the tests: no keys, no credentials.
    env: { HOME: "/nonexistent", ...env },
    licenses: () => "the licenses\n",
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A terminal, which unlike a pipe stays open behind what was typed. */
function keyboard(typed: string): PassThrough & { isTTY: boolean } {
  const keys = Object.assign(new PassThrough(), { isTTY: true });
  keys.write(typed);
  return keys;
}

class Sink {
  readonly stream = new PassThrough();
  text = "";

  constructor(onText = () => {}) {
    this.stream.on("data", (chunk: Buffer) => {
      this.text += chunk.toString();
      onText();
    });
  }
}
