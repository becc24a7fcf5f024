import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { Defaults, DiscoverySettings, ValueSet } from "../index.ts";
import type { Session } from "./session.ts";

/** Flags of every command that looks for the images of charts. */
export interface DiscoveryFlags {
  readonly kubeVersion?: string;
  /** A path; false for none; undefined for the one on PATH. */
  readonly helm?: string | false;
}

/** Values as they are given, flag by flag. */
type GrowingSet = Required<{ [Key in keyof ValueSet]: string[] }>;

/** Adds the flags; what they say of values is in the list given back when the command runs. */
export function addDiscoveryFlags(command: Command): readonly ValueSet[] {
  const sets: GrowingSet[] = [{ files: [], set: [], setString: [] }];
  command
    .optionsGroup("Of the release:")
    .option("-f, --values <file>", "a file of values for the chart; later ones win (repeatable)")
    .option("--set <path=value>", "a value for the chart, as helm takes it (repeatable)")
    .option("--set-string <path=value>", "a value that is a text, as helm takes it (repeatable)")
    .option("--or", "begin another set of values: the images of all sets count (repeatable)")
    .addOption(
      new Option(
        "--kube-version <version>",
        "version of the cluster, where charts ask for it",
      ).argParser(kubeVersion),
    )
    .option("--helm <path>", "this helm program is asked too (default: the one on PATH)")
    .option("--no-helm", "ask no helm program");
  const collect = (flag: string, kind: keyof GrowingSet): void => {
    command.on(`option:${flag}`, (text: string) => sets.at(-1)?.[kind].push(text));
  };
  collect("values", "files");
  collect("set", "set");
  collect("set-string", "setString");
  command.on("option:or", () => sets.push({ files: [], set: [], setString: [] }));
  return sets;
}

export async function discoverySettings(
  { kubeVersion: version, helm }: DiscoveryFlags,
  { defaults }: Session,
): Promise<DiscoverySettings> {
  return { kubeVersion: version, helm: await helmProgram(helm, defaults) };
}

async function helmProgram(
  helm: DiscoveryFlags["helm"],
  defaults: Defaults,
): Promise<string | undefined> {
  if (helm === undefined) return defaults.helm();
  if (helm === false) return undefined;
  const { DrayError } = await import("../index.ts");
  // Helm is started in a directory of its own.
  const path = resolve(helm);
  try {
    await access(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new DrayError(
      "DRAY_USAGE",
      `Cannot ask helm ${JSON.stringify(helm)}: expected a program, found none`,
      { kind: "usage", cause },
    );
  }
}

function kubeVersion(text: string): string {
  if (/^v?\d+\.\d+(?:\.\d+)?(?:[-+].*)?$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a version of Kubernetes, such as 1.34.");
}
