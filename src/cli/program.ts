import { Command, CommanderError, Help, type Option } from "commander";
import { colorWish } from "./color.ts";
import { EXIT, reportFailure } from "./failure.ts";
import { addExamples } from "./flags.ts";
import { sessionStarter, type AddCommand, type StartSession } from "./session.ts";
import type { Io } from "./terminal.ts";
import { commandIn, usageFailure } from "./usage.ts";

/** Loads what one command is. */
type LoadCommand = () => Promise<AddCommand>;

/** In the order of the journey. Each stands in a file of its own, which is loaded when it is called or spoken of. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, LoadCommand>>>> = {
  Gather: {
    images: async () => (await import("./images-command.ts")).addImagesCommand,
    pack: async () => (await import("./pack-command.ts")).addPackCommand,
    copy: async () => (await import("./copy-command.ts")).addCopyCommand,
    preflight: async () => (await import("./preflight-command.ts")).addPreflightCommand,
  },
  Prove: {
    inspect: async () => (await import("./inspect-command.ts")).addInspectCommand,
    verify: async () => (await import("./verify-command.ts")).addVerifyCommand,
    check: async () => (await import("./check-command.ts")).addCheckCommand,
    diff: async () => (await import("./diff-command.ts")).addDiffCommand,
    report: async () => (await import("./report-command.ts")).addReportCommand,
  },
  Carry: {
    split: async () => (await import("./split-command.ts")).addSplitCommand,
    unpack: async () => (await import("./unpack-command.ts")).addUnpackCommand,
    sign: async () => (await import("./sign-command.ts")).addSignCommand,
    keygen: async () => (await import("./keygen-command.ts")).addKeygenCommand,
  },
  Deliver: {
    push: async () => (await import("./push-command.ts")).addPushCommand,
    inventory: async () => (await import("./inventory-command.ts")).addInventoryCommand,
    repoint: async () => (await import("./repoint-command.ts")).addRepointCommand,
    serve: async () => (await import("./serve-command.ts")).addServeCommand,
  },
  Around: {
    login: async () => (await import("./login-command.ts")).addLoginCommand,
    logout: async () => (await import("./login-command.ts")).addLogoutCommand,
    completion: async () => (await import("./completion-command.ts")).addCompletionCommand,
  },
};

/** What a screen and a mail have room for. */
const HELP_WIDTH = 80;

/** Runs one command line and says with which code the program ends. */
export async function run(words: readonly string[], version: string, given: Io): Promise<number> {
  const io = { ...given, color: colorWish(words) };
  let code = 0;
  const program = makeProgram(version, io, words.includes("--all"));
  const start = sessionStarter(io, (wanted) => (code = wanted));
  const argv = helpAsFlag(words);
  await addCommands(program, start, argv[0]);
  try {
    await program.parseAsync(argv, { from: "user" });
    return io.signal.aborted && code === 0 ? EXIT.interrupted : code;
  } catch (error) {
    start.end();
    const told = { argv, remains: start.remainsOf(commandIn(argv)) };
    if (!(error instanceof CommanderError)) return await reportFailure(error, io, told);
    if (error.exitCode === 0) return 0;
    // Help that nobody has asked for stands there already.
    if (error.code === "commander.help") return EXIT.usage;
    return await reportFailure(usageFailure(error, argv), io, told);
  }
}

/** `dray help push`, as other programs have it, is `dray push --help`. */
function helpAsFlag(argv: readonly string[]): readonly string[] {
  const [first, ...others] = argv;
  if (first !== "help") return argv;
  const [name] = others;
  return name === undefined || isCommand(name) ? [...others, "--help"] : others;
}

/** The whole command line, to be written about; nothing of it runs. @internal for manual pages */
export async function describedProgram(version: string, io: Io): Promise<Command> {
  const program = makeProgram(version, io, true);
  const start = sessionStarter(io, () => {});
  await addCommands(program, start);
  return program;
}

/** Adds the command that is `called`; all of them where it is none, because they are spoken of then. */
async function addCommands(program: Command, start: StartSession, called = ""): Promise<void> {
  const isOne = isCommand(called);
  for (const [group, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(`${group}:`);
    for (const [name, load] of Object.entries(commands)) {
      if (!isOne || name === called) (await load())(program, start);
    }
  }
}

function isCommand(word: string): boolean {
  return Object.values(COMMANDS).some((commands) => Object.hasOwn(commands, word));
}

function makeProgram(version: string, io: Io, showAll: boolean): Command {
  const program = new Command("dray")
    .description("Carries container images and Helm charts across an air gap in one signed bundle.")
    .version(version)
    .option("--licenses", "print the license and those of what is inside")
    .helpOption("-h, --help", "show this; with --all, what few need too")
    .helpCommand(false)
    .configureHelp({ visibleOptions: (command) => optionsOf(command, showAll) })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
    });
  program.on("option:licenses", () => {
    io.stdout.write(io.licenses());
    throw new CommanderError(0, "dray.licenses", "");
  });
  return addExamples(program, [
    "dray keygen release",
    "dray pack --image alpine:3.20 --sign-key release.key -o alpine.tar.gz   # with internet",
    "dray verify alpine.tar.gz --key release.pub                             # without",
    "dray push alpine.tar.gz registry.internal:5000/mirror --key release.pub",
  ]);
}

/** With `showAll` those that help keeps to itself otherwise. */
function optionsOf(command: Command, showAll: boolean): Option[] {
  const usual = new Help().visibleOptions(command);
  return showAll
    ? [...command.options, ...usual.filter((one) => !command.options.includes(one))]
    : usual;
}
