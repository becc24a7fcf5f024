import type { CommanderError } from "commander";
import { pointerFor } from "./habits.ts";

/** What the parser of the command line says, by its code, and the same as dray says such things. */
const WORDS: Readonly<
  Record<string, readonly [said: RegExp, ours: (...found: string[]) => string]>
> = {
  // What stands behind the flag may be a password.
  "commander.unknownOption": [
    /unknown option '([^=]+?)(=.*)?'/s,
    (flag, value) => `there is no flag ${flag}${value === undefined ? "" : " that takes a value"}`,
  ],
  "commander.unknownCommand": [
    /unknown command '(.+?)'/,
    (word) => `there is no command ${JSON.stringify(word)}`,
  ],
  "commander.missingArgument": [
    /missing required argument '(.+?)'/,
    (word) => `expected <${word}>, found no more words`,
  ],
  "commander.optionMissingArgument": [
    /option '(.+?)' argument missing/,
    (flag) => `expected a value behind ${flag}, found none`,
  ],
  "commander.conflictingOption": [
    /(?:option|variable) '(.+?)' cannot be used with (?:option|environment variable) '(.+?)'/,
    (flag, other) => `${flag} and ${other} do not go together`,
  ],
  "commander.invalidArgument": [
    /(?:option|value|argument) '(.+?)' argument '(.*)' is invalid\.? *(.*)/s,
    (flag, value, why = "") =>
      `${JSON.stringify(value)} for ${flag}: ${why.charAt(0).toLowerCase()}${why.slice(1).replace(/\.$/, "")}`,
  ],
  "commander.excessArguments": [
    /Expected (\d+) arguments? but got (\d+)/,
    (most, given) =>
      `expected at most ${most} ${most === "1" ? "word" : "words"} behind the command, found ${given}`,
  ],
};

/** The error for a command line that is wrong before any command has run. */
export function usageFailure({ code, message }: CommanderError, argv: readonly string[]): Error {
  const [said, ours] = WORDS[code] ?? [/^error: (.*)/s, (text: string) => text];
  const [, ...found] = said.exec(alike(message)) ?? ["", message];
  const [, near] = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(message) ?? [];
  const meant = near === undefined || near === found[0] ? "" : `; did you mean ${near}?`;
  const command = code === "commander.unknownCommand" ? undefined : commandIn(argv);
  const isUnknown = code === "commander.unknownOption";
  const pointer = isUnknown ? pointerFor(found[0] ?? "", command) : undefined;
  const line = ["dray", ...(command === undefined ? [] : [command])].join(" ");
  return Object.assign(new Error(`Cannot run \`${line}\`: ${ours(...found).trim()}${meant}`), {
    code: "DRAY_USAGE",
    kind: "usage",
    hint: pointer ?? `\`${line} --help\` shows how it is used.`,
  });
}

/** Behind what the parser says of flags that are wrong: one of those may be this one, misspelled. */
export async function required<T>(
  value: T | undefined,
  { command, flag }: { readonly command: string; readonly flag: string },
): Promise<T> {
  if (value !== undefined) return value;
  const { DrayError } = await import("../index.ts");
  const message = `Cannot run \`dray ${command}\`: expected ${flag}, which is not given`;
  const hint = `\`dray ${command} --help\` shows how it is used.`;
  throw new DrayError("DRAY_USAGE", message, { kind: "usage", hint });
}

/** The command that a command line names: the first word that is no flag. */
export function commandIn(argv: readonly string[]): string | undefined {
  return argv.find((word) => !word.startsWith("-"));
}

/** What is wrong with a word behind a command, in the form that is used of flags. */
function alike(message: string): string {
  const ofWord = /command-argument value '(.*)' is invalid for argument '(.+?)'/s;
  return message
    .replace(ofWord, "option '<$2>' argument '$1' is invalid")
    .replace(/Allowed choices are (?=.*,)/, "expected one of ")
    .replace("Allowed choices are ", "expected ");
}
