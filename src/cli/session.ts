import { Option, type Command } from "commander";
import type { Defaults, RunOptions } from "../index.ts";
import { EXIT } from "./failure.ts";
import { COLOR_WISHES, tell } from "./color.ts";
import { printedDocument } from "./document.ts";
import { refuseStdout, seldom } from "./flags.ts";
import { Progress, screenOf, type Verbosity } from "./progress/progress.ts";
import { Remains } from "./progress/remains.ts";
import type { Io } from "./terminal.ts";

/** Flags of every command. */
export interface SessionFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Of commands that may have to decompress a bundle. */
  readonly workDir?: string;
  /** Of commands that download. */
  readonly store?: string;
}

/** Stages in which content passes through the program. */
const MOVING = ["pack", "push"];

const DIRECTORY = { why: "it needs a directory", hint: "Name one, or leave the flag out." };

/** Flags that say how a command speaks. */
export function addOutputFlags(command: Command): Command {
  return command
    .optionsGroup("Output:")
    .option("--json", "print one JSON document instead of text")
    .option("-q, --quiet", "print nothing but warnings and errors")
    .option("-v, --verbose", "say what happens to every blob")
    .addOption(
      seldom(new Option("--color <when>", "color words")).choices(COLOR_WISHES).default("auto"),
    );
}

/** What a command's action gets besides its own arguments. */
export interface Session {
  readonly io: Io;
  /** What this user and machine bring along, below what flags say. */
  readonly defaults: Defaults;
  /** What a story needs of the process: to be stopped, to be heard, and room to work in. */
  readonly run: RunOptions;
  /**
   * Prints the report, and nothing else goes to stdout: `document` with --json, else `text`, of which
   * --quiet leaves nothing. What is `wrong` with it goes to stderr, whatever flags say.
   */
  readonly print: (document: object, text: () => string, wrong?: string) => void;
  /** Says on stderr what is worth knowing and not wrong, unless --quiet wants to hear nothing of it. */
  readonly note: (text: string) => void;
  /** Ends the program with 3 when the action is done; who did not see the report hears why. */
  readonly refuse: (verdict: string) => void;
  /** Ends the program with 4: the report says what is done and what is not. */
  readonly leaveUnfinished: () => void;
}

/** A command adds itself to the program; its action loads the library only when it runs. */
export type AddCommand = (program: Command, start: StartSession) => void;

export interface StartSession {
  (flags: SessionFlags): Promise<Session>;
  /** Variables of whoever runs the program. */
  readonly env: Io["env"];
  /** As a session's, for what is done before there is one. */
  readonly note: (text: string, flags: SessionFlags) => void;
  /** Leaves the terminal clean for what is said of a command that did not end by itself. */
  readonly end: () => void;
  /** What stays of a command that was interrupted, in words. */
  readonly remainsOf: (command: string | undefined) => string;
}

export function sessionStarter(io: Io, exit: (code: number) => void): StartSession {
  let progress: Progress | undefined;
  const note: StartSession["note"] = (text, { quiet }) => {
    if (quiet !== true) tell("stderr", text, io);
  };
  const start = async (flags: SessionFlags): Promise<Session> => {
    await refuseStdout(flags.store, { ...DIRECTORY, what: "the content store" });
    await refuseStdout(flags.workDir, { ...DIRECTORY, what: "what has to be decompressed" });
    const { defaults: defaultsOf } = await import("../index.ts");
    const defaults = defaultsOf(io.env);
    const shown = new Progress(io, { verbosity: verbosityOf(flags), screen: await screenOf(io) });
    progress = shown;
    return {
      io,
      defaults,
      run: {
        signal: io.signal,
        onEvent: (event) => {
          if (event.type === "stage" && MOVING.includes(event.stage)) {
            io.expectBytes?.(event.bytes ?? 0);
          }
          shown.listen(event);
        },
        workDirectory: flags.workDir ?? defaults.workDirectory,
      },
      print: (document, text, wrong = "") => {
        shown.end();
        tell("stderr", wrong, io);
        if (flags.json === true) io.stdout.write(printedDocument(document));
        else if (flags.quiet !== true) {
          // Between what two streams say on one screen there is an empty line.
          if (wrong !== "" && io.stderr.isTTY === true) io.stderr.write("\n");
          tell("stdout", text(), io);
        }
      },
      note: (text) => note(text, flags),
      refuse: (verdict) => {
        if (flags.json === true || flags.quiet === true) tell("stderr", verdict, io);
        exit(EXIT.refused);
      },
      leaveUnfinished: () => exit(EXIT.partial),
    };
  };
  return Object.assign(start, {
    env: io.env,
    note,
    end: () => progress?.end(),
    remainsOf: (command: string | undefined) => (progress?.remains ?? new Remains()).after(command),
  });
}

function verbosityOf({ quiet, verbose }: SessionFlags): Verbosity {
  if (quiet === true) return "quiet";
  return verbose === true ? "verbose" : "normal";
}
