import type { Argument, Command, Option } from "commander";

/**
 * What the scripts of `dray completion` are told, in the protocol that Cobra's scripts speak: a
 * candidate a line, a tab, what it means, and at the end a colon with what else the shell may do.
 */
const DIRECTIVE = { files: 0, nothingElse: 4 } as const;

/** Placeholders of flags and arguments for which a shell offers files. */
const FILES = new Set([
  "archive",
  "bundle",
  "chart",
  "dir",
  "file",
  "new",
  "old",
  "path",
  "recipe",
]);

interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

/** Answers for the last of `words`, which may be empty; the others are before it on the line. */
export function complete(program: Command, words: readonly string[]): string {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const name = before.find((word) => !word.startsWith("-"));
  const command = visible(program).find((one) => one.name() === name) ?? program;
  const flag = flagBefore(command, before, current);
  if (flag !== undefined) return valuesOf(flag, current.replace(/^--[^=]+=/, ""));
  if (current.startsWith("-")) return answer(flagsOf(command), current);
  if (command === program) return answer(visible(program).map(asCandidate), current);
  return operandsOf(command, before, current);
}

function visible(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

function asCandidate(command: Command): Candidate {
  return { word: command.name(), meaning: command.summary() };
}

/** The flag whose value is being typed, as `--flag value` or `--flag=value`. */
function flagBefore(
  command: Command,
  before: readonly string[],
  current: string,
): Option | undefined {
  const typed = /^(--[^=]+)=/.exec(current)?.[1] ?? before.at(-1);
  return command.options.find((one) => one.required && typed !== undefined && isCalled(one, typed));
}

function isCalled({ long, short }: Option, word: string): boolean {
  return word === long || word === short;
}

function flagsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .concat(command.options.filter((one) => one.hidden))
    .map(({ long, short, description }) => ({ word: long ?? short ?? "", meaning: description }));
}

function valuesOf({ argChoices, flags }: Option, typed: string): string {
  if (argChoices !== undefined) return answer(argChoices.map(plain), typed);
  return none(FILES.has(/[<[]([a-z]+)/.exec(flags)?.[1] ?? ""));
}

function operandsOf(command: Command, before: readonly string[], current: string): string {
  const { registeredArguments: known } = command;
  const last = known.at(-1);
  const place = countOperands(command, before) - 1;
  const argument: Argument | undefined =
    known[place] ?? (last?.variadic === true ? last : undefined);
  if (argument?.argChoices !== undefined) return answer(argument.argChoices.map(plain), current);
  return none(argument !== undefined && FILES.has(argument.name()));
}

/** Words that are neither flags nor their values; the command itself is one. */
function countOperands(command: Command, before: readonly string[]): number {
  const isValue = (at: number): boolean =>
    command.options.some((one) => one.required && isCalled(one, before[at - 1] ?? ""));
  return before.filter((word, at) => !word.startsWith("-") && !isValue(at)).length;
}

function plain(word: string): Candidate {
  return { word, meaning: "" };
}

function answer(candidates: readonly Candidate[], typed: string): string {
  const lines = candidates
    .filter(({ word }) => word.startsWith(typed))
    .map(({ word, meaning }) => `${word}\t${meaning}\n`);
  return `${lines.join("")}:${DIRECTIVE.nothingElse}\n`;
}

function none(wantsFiles: boolean): string {
  return `:${wantsFiles ? DIRECTIVE.files : DIRECTIVE.nothingElse}\n`;
}
