import { shellWord } from "../errors.ts";

/** A kind of file that somebody may take for a bundle, and what is to be done about it. */
export interface KnownFile {
  /** For messages, behind `found`. */
  readonly name: string;
  /** What to do with a file of this path. */
  readonly hint: (path: string) => string;
  /** It is an archive or a compression, of a kind that is not read. */
  readonly isArchive: boolean;
}

const AGAIN = "Download the bundle again, and compare its digest with the one you were told.";

export function compressed(program: string, ending: string): KnownFile {
  const hint = (path: string): string =>
    `Decompress it, and name what comes of it: ${into(path, ending, `${program} -dc`)}.`;
  return { name: program, hint, isArchive: true };
}

/** `command` unpacks FILE into DIR. */
export function packed(name: string, command: string): KnownFile {
  const hint = (path: string): string =>
    `Unpack it into a directory of its own, and name that: ${unpacking(path, command)}.`;
  return { name, hint, isArchive: true };
}

export function text(name: string, hint: string = AGAIN): KnownFile {
  return { name, hint: () => hint, isArchive: false };
}

export function encrypted(name: string, ending: string, command: string): KnownFile {
  const hint = (path: string): string =>
    `Decrypt it, and name what comes of it: ${into(path, ending, command)}.`;
  return { name, hint, isArchive: false };
}

/** A line that writes what `command` makes of the file; its name loses `ending` where it has it. */
export function into(path: string, ending: string, command: string): string {
  const made = path.endsWith(ending) ? path.slice(0, -ending.length) : `${path}.bundle`;
  return `\`${command} ${shellWord(path)} > ${shellWord(made)}\``;
}

/** What to do with the parts of a zip, of which the last is at `path`: Info-ZIP joins some of them wrongly. */
export function joiningZip(path: string): string {
  const line = unpacking(path, "7z x -oDIR FILE");
  return `Put all its parts into one folder, unpack them together, and name what comes of it: ${line}.`;
}

/** A line that unpacks the file into a directory of its own. */
export function unpacking(path: string, command: string): string {
  const directory = shellWord(`${path}.unpacked`);
  const words: Readonly<Record<string, string>> = { FILE: shellWord(path), DIR: directory };
  const line = command.replaceAll(/FILE|DIR/g, (word) => words[word] ?? word);
  return `\`mkdir ${directory} && ${line}\``;
}
