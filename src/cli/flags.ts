import { InvalidArgumentError, Option, type Command } from "commander";
import type { ImageRequest } from "../index.ts";

/** A flag that may be given several times; the values come as a list. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, `${description} (repeatable)`).argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );
}

/** A flag that takes some of `choices`, with commas between; it may be given several times. */
export function someOf(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, `${description}: ${choices.join(", ")} (repeatable)`);
  return option.argParser((value: string, before: readonly string[] | undefined) => {
    const found = value.split(",").map((one) => choices.find((choice) => choice === one));
    const known = found.filter((one) => one !== undefined);
    if (known.length < found.length) {
      throw new InvalidArgumentError(
        `Expected ${choices.join(", ")}, or several of them with commas between.`,
      );
    }
    return [...(before ?? []), ...known];
  });
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

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads `90s`, `2m`, `1h`, as milliseconds. A number alone is seconds. */
export function duration(text: string): number {
  const [, number = "", unit = "s"] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text) ?? [];
  const factor = MILLISECONDS[unit];
  if (number !== "" && factor !== undefined) return Number(number) * factor;
  throw new InvalidArgumentError("Expected a time, such as 90s, 2m or 1h.");
}

const BYTES: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Reads `10KiB`, `1M` or `500`, with or without `/s`, as bytes a second. */
export function byteRate(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,12})([kmg])?i?b?(?:\/s)?$/i.exec(text) ?? [];
  if (number !== "") return Number(number) * (BYTES[unit.toLowerCase()] ?? 1);
  throw new InvalidArgumentError("Expected bytes a second, such as 1KiB, 10KiB or 1MiB.");
}

/** A flag of one value that may be given several times. */
export function severally<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before) => [...(before ?? []), parse(text)];
}

/** Flag of every command that downloads. */
export function addStoreFlag(command: Command): Command {
  return command.addOption(
    seldom(
      new Option(
        "--store <dir>",
        "keep what is fetched in this content store too (default: nowhere)",
      ),
    ),
  );
}

/** Flag of every command that reads the directories of charts. */
export function chartRootFlag(): Option {
  const meaning = "links in charts and file:// dependencies may lead to all below it";
  return seldom(new Option("--chart-root <dir>", meaning));
}

const EXAMPLES = new WeakMap<Command, readonly string[]>();

/** The lines that show how a command is used. @internal for manual pages */
export function examplesOf(command: Command): readonly string[] {
  return EXAMPLES.get(command) ?? [];
}

/** Shows how a command is used, behind its flags. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  EXAMPLES.set(command, examples);
  const lines = examples.map((line) => `  ${line}\n`).join("");
  return command.addHelpText("after", `\nExamples:\n${lines}`);
}

/** What is no one document, or has to be gone back to, cannot go to standard output. */
export async function refuseStdout(
  place: string | undefined,
  { what, why, hint }: { what: string; why: string; hint: string },
): Promise<void> {
  if (place !== "-") return;
  const { DrayError } = await import("../index.ts");
  const message = `Cannot write ${what} to standard output: ${why}`;
  throw new DrayError("DRAY_USAGE", message, { kind: "usage", hint });
}

/** Reads a file that the user named; `what` says what it should be. */
export async function readInput(path: string, what: string): Promise<Buffer> {
  const { readSmallFile } = await import("../index.ts");
  return readSmallFile(path, { what });
}

/** Reads a file with one image a line. */
export async function readImageList(path: string): Promise<ImageRequest[]> {
  const { parseImageList } = await import("../index.ts");
  return parseImageList((await readInput(path, "image list")).toString("utf8"), path);
}
