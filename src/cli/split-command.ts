import { Option } from "commander";
import type { SplitResult } from "../index.ts";
import { partsFlag } from "./bundle-flags.ts";
import { addExamples, integer, refuseStdout, severally } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs } from "./table.ts";
import { required } from "./usage.ts";

interface SplitFlags extends SessionFlags {
  readonly size?: string;
  readonly part?: readonly number[];
  readonly output?: string;
  readonly force?: boolean;
  readonly checkWritten?: boolean;
  readonly parts?: readonly string[];
  readonly dryRun?: boolean;
}

const SIZE = "--size <size>";

const ONLY = severally(integer({ least: 1, most: 9999 }));

export const addSplitCommand: AddCommand = (program, start) => {
  const command = program
    .command("split")
    .summary("cut a bundle into parts that fit a medium")
    .description(
      "Cuts a bundle into plain parts, BUNDLE.001 and so on, with BUNDLE.sha256, the sums of all of " +
        "them. Every command takes any part, that list or the folder, without joining.",
    )
    .argument("<bundle>", "bundle file, or any of its parts")
    .option(SIZE, "bytes of a part: fat32, dvd, bd, or such as 700MB or 4GiB")
    .addOption(
      new Option("--part <number>", "write only this one, once more (repeatable)").argParser(ONLY),
    )
    .option("-o, --output <dir>", "where to (default: the folder of the bundle)")
    .option("--force", "replace parts that are there, and remove those of another size")
    .option("--check-written", "read every part back from its medium and compare")
    .addOption(partsFlag())
    .option("--dry-run", "look for room, say which parts would be written, write nothing");
  addOutputFlags(command);
  addExamples(command, [
    "dray split app-1.2.0.tar.gz --size fat32 -o /media/stick",
    "dray split app-1.2.0.tar.gz --size 4GiB --part 3 -o /media/stick   # that one again",
    "dray verify /media/a/app-1.2.0.tar.gz.001 --parts /media/b --key release.pub",
  ]);
  command.action(async (path: string, flags: SplitFlags) => {
    const session = await start(flags);
    const wanted = await required(flags.size, { command: "split", flag: SIZE });
    await refuseStdout(flags.output, NO_PARTS_ON_STDOUT);
    const { run, print } = session;
    const { parsePartSize, split } = await import("../index.ts");
    const size = parsePartSize(wanted);
    const { part: only, output: directory, force, checkWritten, parts, dryRun } = flags;
    const places = { path, parts, directory };
    const result = await split({ ...places, size, only, force, checkWritten, dryRun }, run);
    print(result, () => render(result));
  });
};

const NO_PARTS_ON_STDOUT = {
  what: "parts of a bundle",
  why: "they need a folder",
  hint: "Name one; `cat` sends the bundle on as it is.",
};

function render({ directory, parts, count, sums, readBackFrom, dryRun }: SplitResult): string {
  const rows = parts.map(({ number, path, size, sha256 }) => [
    `part ${number} of ${count}`,
    path,
    formatBytes(size),
    sha256 === undefined ? "" : `sha256:${sha256.slice(0, 12)}`,
  ]);
  const table = [
    ["folder", directory],
    ["sums", sums],
  ];
  if (readBackFrom !== undefined) table.push(["read back", READ_BACK[readBackFrom]]);
  return paragraphs([
    formatTable(rows),
    formatTable(table),
    dryRun ? "Dry run: these would be written. Nothing was.\n" : "",
  ]);
}

/** Where files were read back from, in words. */
export const READ_BACK = {
  medium: "from the medium, past the system's memory: every byte is there",
  memory:
    "perhaps out of the system's memory, past which there is no way here: take the medium out, put it in again, and verify",
} as const;
