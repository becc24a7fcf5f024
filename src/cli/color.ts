import { canRedraw, printable, type Io } from "./terminal.ts";

export const COLOR_WISHES = ["auto", "always", "never"] as const;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const CYAN = 36;

/** What a reader looks for: the word that a line begins with says what kind of line it is. */
const MARKS: readonly (readonly [word: RegExp, color: number])[] = [
  [/^(?:dray:|error:|Refused:|NOT GOOD:)/gm, RED],
  [/^(?:warning:|Warning:)/gm, YELLOW],
  [/^Good:/gm, GREEN],
  [/^(?:hint:| {2}→)/gm, CYAN],
];

/** Writes text for a person: what a stranger wrote is shown and not executed, and words have colors. */
export function tell(where: "stdout" | "stderr", text: string, io: Io): void {
  const shown = printable(text);
  io[where].write(isColored(where, io) ? colored(shown) : shown);
}

function colored(text: string): string {
  return MARKS.reduce(
    (all, [word, color]) => all.replace(word, (found) => `\u001b[${color}m${found}\u001b[39m`),
    text,
  );
}

/**
 * What the command line says counts most, then https://no-color.org and https://bixense.com/clicolors,
 * then whether the stream is a terminal that has colors.
 */
function isColored(where: "stdout" | "stderr", io: Io): boolean {
  if (io.color === "always") return true;
  if (io.color === "never") return false;
  return wishOf(io.env) ?? canRedraw({ stderr: io[where], env: io.env });
}

function wishOf(env: Io["env"]): boolean | undefined {
  if (isGiven(env["NO_COLOR"])) return false;
  const force = env["FORCE_COLOR"];
  if (isGiven(force)) return isOn(force);
  const forceToo = env["CLICOLOR_FORCE"];
  if (isGiven(forceToo) && isOn(forceToo)) return true;
  return env["CLICOLOR"] === "0" ? false : undefined;
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

function isOn(value: string): boolean {
  return value !== "0" && value !== "false";
}

/** What a command line says of colors, known before it is parsed: its mistakes have colors too. */
export function colorWish(argv: readonly string[]): (typeof COLOR_WISHES)[number] {
  const last = argv.findLastIndex((word) => /^--color(?:=|$)/.test(word));
  const value = argv[last]?.split("=")[1] ?? argv[last + 1];
  return last === -1 ? "auto" : (COLOR_WISHES.find((wish) => wish === value) ?? "auto");
}
