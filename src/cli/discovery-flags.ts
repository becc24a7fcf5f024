import { InvalidArgumentError, Option, type Command } from "commander";
import type { DiscoverySettings, UserValues } from "../index.ts";
import type { Io } from "./io.ts";
import { readInput } from "./read-input.ts";

/** Flags of every command that looks for the images of charts. */
export interface DiscoveryFlags {
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  /** A path; false for none; undefined for the one on PATH. */
  readonly helm?: string | false;
}

/** Values as they were given, in their order. */
interface ValueFlags {
  readonly files: string[];
  readonly set: string[];
  readonly setString: string[];
}

/** Adds the flags; what they say of values is in the list given back when the command runs. */
export function addDiscoveryFlags(command: Command): readonly ValueFlags[] {
  const sets: ValueFlags[] = [{ files: [], set: [], setString: [] }];
  command
    .option("-f, --values <file>", "a file of values, as for helm; later ones win (repeatable)")
    .option("--set <path=value>", "a value, as for helm (repeatable)")
    .option("--set-string <path=value>", "a value that is a text, as for helm (repeatable)")
    .option("--or", "begin another set of values: the images of all sets count (repeatable)")
    .addOption(
      new Option(
        "--kube-version <version>",
        "version of the cluster, where charts ask for it",
      ).argParser(kubeVersion),
    )
    .option("--helm <path>", "this helm program is asked too (default: the one on PATH)")
    .option("--no-helm", "ask no helm program");
  const collect = (flag: string, kind: keyof ValueFlags): void => {
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
  sets: readonly ValueFlags[],
  { env }: Io,
): Promise<DiscoverySettings> {
  const { findHelm } = await import("../index.ts");
  return {
    kubeVersion: version,
    helm: helm === undefined ? await findHelm(env["PATH"] ?? "") : helm || undefined,
    valueSets: await Promise.all(sets.map(readSet)),
  };
}

async function readSet({ files, set, setString }: ValueFlags): Promise<UserValues> {
  const texts = files.map(async (name) => ({
    name,
    text: (await readInput(name, "values")).toString("utf8"),
  }));
  return { files: await Promise.all(texts), set, setString };
}

function kubeVersion(text: string): string {
  if (/^v?\d+\.\d+(?:\.\d+)?(?:[-+].*)?$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a version of Kubernetes, such as 1.34.");
}
