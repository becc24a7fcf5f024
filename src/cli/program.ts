import { Command, CommanderError, Help, type Option } from "commander";
import { addCheckCommand } from "./check-command.ts";
import { addCompletionCommand } from "./completion-command.ts";
import { addCopyCommand } from "./copy-command.ts";
import { addDiffCommand } from "./diff-command.ts";
import { colorWish } from "./color.ts";
import { EXIT, reportFailure } from "./failure.ts";
import { addExamples } from "./flags.ts";
import { addImagesCommand } from "./images-command.ts";
import { addInspectCommand } from "./inspect-command.ts";
import { addInventoryCommand } from "./inventory-command.ts";
import { addLoginCommand, addLogoutCommand } from "./login-command.ts";
import { addKeygenCommand } from "./keygen-command.ts";
import { addPackCommand } from "./pack-command.ts";
import { addPreflightCommand } from "./preflight-command.ts";
import { addPushCommand } from "./push-command.ts";
import { addRepointCommand } from "./repoint-command.ts";
import { addReportCommand } from "./report-command.ts";
import { addServeCommand } from "./serve-command.ts";
import { sessionStarter, type AddCommand, type StartSession } from "./session.ts";
import { addSignCommand } from "./sign-command.ts";
import { addSplitCommand } from "./split-command.ts";
import type { Io } from "./terminal.ts";
import { addUnpackCommand } from "./unpack-command.ts";
import { commandIn, usageFailure } from "./usage.ts";
import { addVerifyCommand } from "./verify-command.ts";

/** In the order of the journey. */
const COMMANDS: Readonly<Record<string, readonly AddCommand[]>> = {
  Gather: [addImagesCommand, addPackCommand, addCopyCommand, addPreflightCommand],
  Prove: [addInspectCommand, addVerifyCommand, addCheckCommand, addDiffCommand, addReportCommand],
  Carry: [addSplitCommand, addUnpackCommand, addSignCommand, addKeygenCommand],
  Deliver: [addPushCommand, addInventoryCommand, addRepointCommand, addServeCommand],
  Around: [addLoginCommand, addLogoutCommand, addCompletionCommand],
};

/** What a screen and a mail have room for. */
const HELP_WIDTH = 80;

/** Runs one command line and says with which code the program ends. */
export async function run(words: readonly string[], version: string, given: Io): Promise<number> {
  const io = { ...given, color: colorWish(words) };
  let code = 0;
  const program = makeProgram(version, io, words.includes("--all"));
  const start = sessionStarter(io, (wanted) => (code = wanted));
  addCommands(program, start);
  const argv = helpAsFlag(words, program);
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
function helpAsFlag(argv: readonly string[], program: Command): readonly string[] {
  const [first, ...others] = argv;
  if (first !== "help") return argv;
  const [name] = others;
  const isKnown = name === undefined || program.commands.some((one) => one.name() === name);
  return isKnown ? [...others, "--help"] : others;
}

/** The whole command line, to be written about; nothing of it runs. @internal for manual pages */
export function describedProgram(version: string, io: Io): Command {
  const program = makeProgram(version, io, true);
  addCommands(
    program,
    sessionStarter(io, () => {}),
  );
  return program;
}

function addCommands(program: Command, start: StartSession): void {
  for (const [group, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(`${group}:`);
    for (const add of commands) add(program, start);
  }
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
