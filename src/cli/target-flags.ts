import type { Command } from "commander";
import type { ImageRule, SourceSettings, TargetFile } from "../index.ts";
import { isHere, missingHere } from "./folder-file.ts";
import type { SessionFlags, StartSession } from "./session.ts";

/** Flags of every command that knows where a bundle goes. */
export interface TargetFlags {
  readonly targetFile?: string;
  /** From the command line, else from the file. */
  readonly target?: string;
  /** What was taken from the file, for those who want to see it. */
  readonly fromFile?: TakenSettings;
}

export interface TakenSettings {
  readonly path: string;
  /** How the registries are reached that a copy comes from; no flag says that. */
  readonly source?: SourceSettings | undefined;
  /** Who must vouch for images; no flag says that. */
  readonly policy?: readonly ImageRule[] | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What is read where no file is named, if it is there. */
const USUAL_FILE = "target.yaml";

/** Commands that look at who vouches for images. */
const JUDGING: ReadonlySet<string> = new Set(["verify", "push", "copy"]);

/** The flag that a key of the file stands for, where they are not called the same. */
const FLAGS: Readonly<Record<string, string>> = {
  keys: "key",
  caFiles: "caFile",
  tokenHosts: "allowTokenHost",
};

/** The target among the words of a command line. */
type TargetWord = (words: readonly string[]) => string | undefined;

/**
 * Adds the flag, and sets from the file what the command line leaves open. `word` is for commands whose
 * target is not at one place among their words.
 */
export function addTargetFileFlag(
  command: Command,
  start: StartSession,
  word: TargetWord = (words) => words[placeOfTarget(command)],
): Command {
  return command
    .option(
      "--target-file <file>",
      `where bundles go, and how (default: ${USUAL_FILE}, if it is here)`,
    )
    .hook("preAction", async () => {
      const path =
        nameOf(command, start.env) ?? ((await isHere(USUAL_FILE)) ? USUAL_FILE : undefined);
      if (path !== undefined) await takeFromFile(command, path, { start, word });
    });
}

function placeOfTarget({ registeredArguments }: Command): number {
  return registeredArguments.findIndex((one) => one.name() === "target");
}

/** As `addTargetFileFlag`, for who needs of it whom to trust: a file that is merely found is left alone. */
export function addTrustFileFlag(command: Command, start: StartSession): Command {
  return command
    .option("--target-file <file>", "take keys, and how many must have signed, from a target file")
    .hook("preAction", async () => {
      const path = nameOf(command, start.env);
      if (path !== undefined) await takeFromFile(command, path, { start, word: () => undefined });
    });
}

/** A file that somebody has named, on the command line or once and for all. */
function nameOf(command: Command, env: StartSession["env"]): string | undefined {
  const variable = env["DRAY_TARGET_FILE"];
  return command.opts<TargetFlags>().targetFile ?? (variable === "" ? undefined : variable);
}

async function takeFromFile(
  command: Command,
  path: string,
  { start, word }: { readonly start: StartSession; readonly word: TargetWord },
): Promise<void> {
  const named = nameOf(command, start.env);
  const isTyped = command.getOptionValueSource("targetFile") === "cli";
  command.setOptionValueWithSource("targetFile", named, "config");
  const read = await readTargetFile(path, named !== undefined);
  const { source, policy } = read.file;
  const target = word(command.args);
  const settings: Partial<TargetFile> = {
    ...takenFrom(target === undefined ? read.file : { ...read.file, target: undefined }, command),
    ...(command.name() === "copy" && source !== undefined && { source }),
    ...(JUDGING.has(command.name()) && policy !== undefined && { policy }),
  };
  const { requireTargetFiles } = await import("../index.ts");
  await requireTargetFiles(settings, { bytes: read.bytes, path });
  command.setOptionValueWithSource("fromFile", { path, source, policy, settings }, "config");
  if (isTyped) return;
  const place =
    named === undefined ? `${path} of this folder` : `${path}, as DRAY_TARGET_FILE says`;
  start.note(sayTaken(place, settings), command.opts<SessionFlags>());
}

/** What a file settles that the command line does not name; where things go above all. */
function sayTaken(place: string, settings: Partial<TargetFile>): string {
  const parts = Object.entries(settings).map(([key, value]) =>
    key === "target" ? `target ${shown(value)}` : key,
  );
  return parts.length === 0 ? "" : `From ${place}: ${parts.join(", ")}.\n`;
}

/** What the command line leaves open. */
function takenFrom(file: TargetFile, command: Command): Partial<TargetFile> {
  const taken = Object.entries(file).filter(
    ([key, value]) => value !== undefined && !isGiven(command, FLAGS[key] ?? key),
  );
  for (const [key, value] of taken) {
    command.setOptionValueWithSource(FLAGS[key] ?? key, value, "config");
  }
  return Object.fromEntries(taken);
}

/** Rules on the command line are in a file of their own, and go before all that are written here. */
function isGiven(command: Command, flag: string): boolean {
  if (flag === "target" && placeOfTarget(command) !== -1) return false;
  const name = flag === "rules" ? "mapFile" : flag;
  // What a command has no flag for is none of its business.
  const isKnown = command.options.some((one) => one.attributeName() === name);
  return !isKnown || command.getOptionValueSource(name) === "cli";
}

async function readTargetFile(
  path: string,
  isNamed: boolean,
): Promise<{ readonly bytes: Buffer; readonly file: TargetFile }> {
  const { parseTargetFile, readSmallFile, requireNothingTrusted } = await import("../index.ts");
  const bytes = await readSmallFile(path, { what: "target file" });
  const file = parseTargetFile(bytes, path);
  if (!isNamed) requireNothingTrusted(file, path);
  return { bytes, file };
}

/** The target of a command that cannot do without one. */
export async function requireTarget(
  given: string | undefined,
  { target, fromFile }: TargetFlags,
): Promise<string> {
  const found = given ?? target;
  if (found !== undefined) return found;
  const { DrayError } = await import("../index.ts");
  const where =
    fromFile === undefined ? await missingHere(USUAL_FILE) : `${fromFile.path} has none`;
  throw new DrayError("DRAY_USAGE", `Expected a target: none is given, and ${where}`, {
    kind: "usage",
    hint: "Write REGISTRY[:PORT][/PREFIX] last, or `target:` into the file.",
  });
}

/** What was taken from the file, a setting a line. */
export function formatTaken(taken: TakenSettings | undefined): string {
  if (taken === undefined) return "";
  const { path, settings } = taken;
  const lines = Object.entries(settings).map(([key, value]) => `  ${key}: ${shown(value)}\n`);
  return lines.length === 0
    ? `From ${path}: nothing, the command line says it all.\n`
    : `From ${path}:\n${lines.join("")}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
