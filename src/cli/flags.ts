import { readFile } from "node:fs/promises";
import { InvalidArgumentError, Option, type Command } from "commander";

/** A flag that may be given several times; the values come as a list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );
}

/** A flag that few need; `--help --all` shows it. */
export function seldom(option: Option): Option {
  return option.hideHelp();
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
  return command.addOption(
    seldom(new Option("--store <dir>", "content store (default: ~/.cache/dray/store)")),
  );
}

/** Flag of every command that reads the directories of charts. */
export function chartRootFlag(): Option {
  const meaning = "links in charts and file:// dependencies may lead to all below it";
  return seldom(new Option("--chart-root <dir>", meaning));
}

/** Shows how a command is used, behind its flags. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((line) => `  ${line}\n`).join("");
  return command.addHelpText("after", `\nExamples:\n${lines}`);
}

/** Reads a file that the user named; `what` says what it should be. */
export async function readInput(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { unreadable } = await import("../index.ts");
    throw unreadable(cause, what, path) ?? cause;
  }
}
