import { Option, type Command } from "commander";
import type { MapMode, Mapping, MapRule } from "../index.ts";
import { readInput } from "./flags.ts";

/** Flags of every command that has to know what names become at a target. */
export interface MapFlags {
  readonly map: MapMode;
  readonly mapFile?: string;
  /** Of the target file. */
  readonly rules?: readonly MapRule[];
}

export function addMapFlags(command: Command): Command {
  return command
    .optionsGroup("Names at the target:")
    .addOption(
      new Option(
        "--map <mode>",
        "how source names become target names; charts are called by their own",
      )
        .choices(["drop-host", "keep-host", "flatten"])
        .default("drop-host"),
    )
    .option("--map-file <file>", "rules of your own: YAML with `rules: [{from, to}]`");
}

export async function readMapping({ map, mapFile, rules = [] }: MapFlags): Promise<Mapping> {
  const { parseMapRules } = await import("../index.ts");
  if (mapFile === undefined) return { mode: map, rules };
  const text = (await readInput(mapFile, "rules")).toString("utf8");
  return { mode: map, rules: parseMapRules(text, mapFile) };
}
