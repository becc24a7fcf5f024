import { Option, type Command } from "commander";
import type { MirrorRule } from "../index.ts";
import { repeatable, seldom } from "./flags.ts";

/** Flags of every command that pulls. */
export interface MirrorFlags {
  readonly mirror?: readonly string[];
  readonly registriesConf?: string;
}

export function addMirrorFlags(command: Command): Command {
  return command
    .addOption(
      seldom(
        repeatable(
          "--mirror <name=place>",
          "pull docker.io=harbor.corp/dockerhub from there first",
        ),
      ),
    )
    .addOption(
      seldom(new Option("--registries-conf <file>", "mirrors as podman has them (version 2)")),
    );
}

/** What is typed goes before what the recipe has, and that before the machine's file. */
export async function readMirrors(
  { mirror = [], registriesConf }: MirrorFlags,
  ofRecipe: readonly MirrorRule[] = [],
): Promise<MirrorRule[]> {
  return [...(await typedMirrors(mirror)), ...ofRecipe, ...(await mirrorsOfFile(registriesConf))];
}

async function typedMirrors(typed: readonly string[]): Promise<MirrorRule[]> {
  if (typed.length === 0) return [];
  const { parseMirror } = await import("../index.ts");
  return typed.map(parseMirror);
}

async function mirrorsOfFile(path: string | undefined): Promise<MirrorRule[]> {
  if (path === undefined) return [];
  const { readRegistriesConf } = await import("../index.ts");
  return readRegistriesConf(path);
}
