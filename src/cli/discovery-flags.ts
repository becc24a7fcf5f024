import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { text as readText } from "node:stream/consumers";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { Defaults, DiscoverySettings, Release, ValueSet } from "../index.ts";
import { seldom } from "./flags.ts";
import type { Session } from "./session.ts";

/** Flags of every command that looks for the images of charts. */
export interface DiscoveryFlags {
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly namespace?: string;
  readonly release?: string;
  readonly isUpgrade?: boolean;
  /** A path; false for none; undefined for the one on PATH. */
  readonly helm?: string | false;
}

/** Values as they are given, flag by flag. */
type GrowingSet = Required<{ [Key in keyof ValueSet]: string[] }>;

const noValues = (): GrowingSet => ({
  files: [],
  set: [],
  setString: [],
  setJson: [],
  setFile: [],
});

/** Adds the flags; what they say of values is in the list given back when the command runs. */
export function addDiscoveryFlags(command: Command): readonly ValueSet[] {
  const sets: GrowingSet[] = [noValues()];
  command
    .optionsGroup("Of the release:")
    .option("-f, --values <file>", "a file of values, - for stdin; later ones win (repeatable)")
    .option("--set <path=value>", "a value for the chart, as helm takes it (repeatable)")
    .option("--set-string <path=value>", "a value that is a text, as helm takes it (repeatable)")
    .addOption(seldom(new Option("--set-json <path=json>", "a value as JSON (repeatable)")))
    .addOption(seldom(new Option("--set-file <path=file>", "a value from a file (repeatable)")))
    .option("--or", "begin another set of values: the images of all sets count (repeatable)")
    .addOption(
      new Option(
        "--kube-version <version>",
        "version of the cluster, where charts ask for it",
      ).argParser(kubeVersion),
    )
    .addOption(
      new Option("-a, --api-versions <api>", "an API that the cluster has (repeatable)").argParser(
        (apis: string, before: string[] | undefined) => [...(before ?? []), ...apis.split(",")],
      ),
    )
    .addOption(
      new Option("-n, --namespace <name>", "namespace that the chart is installed in").argParser(
        namespaceName,
      ),
    )
    .addOption(
      seldom(
        new Option("--release <name>", "name that the chart is installed under").argParser(
          releaseName,
        ),
      ),
    )
    .addOption(seldom(new Option("--is-upgrade", "it is an upgrade, no new installation")))
    .option("--helm <path>", "this helm program is asked too (default: the one on PATH)")
    .option("--no-helm", "ask no helm program");
  const collect = (flag: string, kind: keyof GrowingSet): void => {
    command.on(`option:${flag}`, (text: string) => sets.at(-1)?.[kind].push(text));
  };
  collect("values", "files");
  collect("set", "set");
  collect("set-string", "setString");
  collect("set-json", "setJson");
  collect("set-file", "setFile");
  command.on("option:or", () => sets.push(noValues()));
  return sets;
}

export async function discoverySettings(
  { kubeVersion: version, apiVersions, helm }: DiscoveryFlags,
  { defaults }: Session,
): Promise<DiscoverySettings> {
  return { kubeVersion: version, apiVersions, helm: await helmProgram(helm, defaults) };
}

/** What the chart is installed as. */
export function releaseOf({ release: name, namespace, isUpgrade }: DiscoveryFlags): Release {
  return { name, namespace, isUpgrade };
}

/** The sets of values, with what standard input has in the place of `-`. */
export async function readSets(
  sets: readonly ValueSet[],
  { passwordStdin }: { readonly passwordStdin?: boolean },
  { io }: Session,
): Promise<readonly ValueSet[]> {
  if (!sets.some(({ files = [] }) => files.includes("-"))) return sets;
  if (passwordStdin === true) {
    const { DrayError } = await import("../index.ts");
    throw new DrayError(
      "DRAY_USAGE",
      "Cannot read values from standard input: --password-stdin reads the password there",
      { kind: "usage", hint: "Write the values into a file." },
    );
  }
  const given = { name: "standard input", text: await readText(io.stdin) };
  return sets.map(({ files = [], ...others }) => ({
    ...others,
    files: files.map((file) => (file === "-" ? given : file)),
  }));
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

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
function namespaceName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("Expected small letters, digits and hyphens, at most 63 of them.");
}

/** As Helm has it: parts of small letters, digits and hyphens, with dots between them. */
function releaseName(text: string): string {
  const part = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
  if (text.length <= 53 && text.split(".").every((one) => part.test(one))) return text;
  throw new InvalidArgumentError(
    "Expected small letters, digits, hyphens and dots, at most 53 of them.",
  );
}

function kubeVersion(text: string): string {
  if (/^v?\d+\.\d+(?:\.\d+)?(?:[-+].*)?$/.test(text)) return text;
  throw new InvalidArgumentError("Expected a version of Kubernetes, such as 1.34.");
}
