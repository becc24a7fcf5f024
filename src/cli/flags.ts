import { InvalidArgumentError, Option, type Command } from "commander";

/** A flag that may be given several times; the values come as a list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );
}

/** Reads a whole number between two bounds. */
export function integer({
  least,
  most,
}: {
  least: number;
  most: number;
}): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** Flag of every command that downloads. */
export function addStoreFlag(command: Command): Command {
  return command.option("--store <dir>", "content store (default: ~/.cache/dray/store)");
}

/** Flags that say how a command speaks. */
export function addOutputFlags(command: Command): Command {
  return command
    .option("--json", "print one JSON document instead of text")
    .option("-q, --quiet", "print nothing but warnings and errors")
    .option("-v, --verbose", "say what happens to every blob");
}

/** Shows how a command is used, behind its flags. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join("");
  return command.addHelpText("after", `\nExamples:\n${lines}`);
}
