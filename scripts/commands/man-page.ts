import type { Argument, Command, Option } from "commander";
import { examplesOf } from "../../src/cli/flags.ts";
import { VERSION } from "../../src/version.ts";
import { ENVIRONMENT } from "./environment.ts";
import { exitCodes } from "./page.ts";

/** The manual page of a command, or of the program, in the macros of man(7). */
export function manPage(command: Command): string {
  const name = pageName(command);
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "dray ${VERSION}" "User Commands"`,
    ".SH NAME",
    `${plain(name)} \\- ${plain(command.summary() || command.description())}`,
    ".SH SYNOPSIS",
    `.B ${plain(calledAs(command))}`,
    plain(command.usage()),
    ".SH DESCRIPTION",
    plain(command.description()),
    ...section("COMMANDS", command.createHelp().visibleCommands(command).flatMap(commandEntry)),
    ...section("ARGUMENTS", command.registeredArguments.flatMap(argumentEntry)),
    ...section("OPTIONS", command.createHelp().visibleOptions(command).flatMap(optionEntry)),
    ...section("EXAMPLES", examples(command)),
    ...section(
      "EXIT STATUS",
      exitCodes().flatMap(([code, meaning]) => entry(code, meaning)),
    ),
    ...section(
      "ENVIRONMENT",
      ENVIRONMENT.flatMap(([variables, meaning]) =>
        entry(variables.join(", "), meaning.replaceAll("`", "")),
      ),
    ),
    ...section("SEE ALSO", seeAlso(command)),
  ];
  return `${lines.join("\n")}\n`;
}

/** `dray`, or `dray-pack`. */
export function pageName(command: Command): string {
  return calledAs(command).replace(" ", "-");
}

function calledAs(command: Command): string {
  return command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

function entry(term: string, meaning: string): string[] {
  return [".TP", `.B ${plain(term)}`, plain(meaning)];
}

function commandEntry(command: Command): string[] {
  return entry(pageName(command) + "(1)", command.summary());
}

function argumentEntry(argument: Argument): string[] {
  return entry(argument.name(), argument.description + choices(argument.argChoices));
}

function optionEntry({ flags, description, argChoices, defaultValue }: Option): string[] {
  const otherwise = defaultValue === undefined ? "" : ` (default: ${String(defaultValue)})`;
  return entry(flags, description + choices(argChoices) + otherwise);
}

function choices(words: readonly string[] | undefined): string {
  return words === undefined ? "" : ` (${words.join(", ")})`;
}

function examples(command: Command): string[] {
  const lines = examplesOf(command);
  return lines.length === 0 ? [] : [".EX", ...lines.map(plain), ".EE"];
}

function seeAlso({ parent }: Command): string[] {
  if (parent === null) return [];
  const others = parent.createHelp().visibleCommands(parent);
  return [["dray", ...others.map(pageName)].map((name) => `.BR ${name} (1)`).join(",\n")];
}

/** Text that roff takes for text: a backslash, a hyphen and a dot at the beginning mean something to it. */
function plain(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replace(/^\./, "\\&.");
}
