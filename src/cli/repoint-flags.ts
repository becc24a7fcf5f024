import { Command, Option } from "commander";
import type { NodeRuntime, RepointTerms, ValueSet } from "../index.ts";
import {
  addDiscoveryFlags,
  discoverySettings,
  readSets,
  releaseOf,
  type DiscoveryFlags,
} from "./discovery-flags.ts";
import { someOf } from "./flags.ts";
import { addPullSecretFlags, pullSecretOf, type PullSecretFlags } from "./pull-secret-flags.ts";
import { namedCertificates } from "./registry-flags.ts";
import type { Session } from "./session.ts";

/** Flags of every command that writes values for charts. */
export interface RepointTermFlags extends DiscoveryFlags, PullSecretFlags {
  readonly chart?: string;
  readonly neededOnly?: boolean;
  readonly nodes?: readonly NodeRuntime[];
  readonly passwordStdin?: boolean;
  readonly pin?: "digest";
  readonly unpin?: boolean;
  readonly flux?: boolean;
  readonly argo?: boolean;
  readonly plainHttp?: boolean;
  readonly caFile?: readonly string[];
}

/** Adds the flags; what they say of values is in the list given back when the command runs. */
export function addRepointFlags(command: Command): readonly ValueSet[] {
  command
    .optionsGroup("What is repointed:")
    .option("--chart <name>", "repoint only this chart: NAME or NAME:VERSION")
    .option("--needed-only", "leave alone what these values do not pull");
  const pin = new Option("--pin <by>", "let images go by the digest that was verified too");
  command
    .addOption(pin.choices(["digest"]).conflicts("unpin"))
    .option("--unpin", "let those go by their tag whose digest the target has not");
  const sets = addDiscoveryFlags(command);
  addPullSecretFlags(command);
  command
    .optionsGroup("Nodes:")
    .addOption(
      someOf("--nodes <runtimes>", "lead what pulls on the nodes to the target", [
        "containerd",
        "cri-o",
        "k3s",
        "openshift",
      ]),
    );
  command
    .optionsGroup("For Git:")
    .option("--flux", "write OCIRepository and HelmRelease, and a kustomization of the values")
    .option("--argo", "write an Application with all values in it");
  return sets;
}

/** @throws DrayError `DRAY_USAGE` for what the command line, not a target file, asks of a repointing that is not to be */
export async function refuseRepointFlags(command: Command): Promise<void> {
  const own = new Command();
  addRepointFlags(own);
  const names = new Set(own.options.map((option) => option.attributeName()));
  const given = command.options.find((option) => {
    const name = option.attributeName();
    return names.has(name) && command.getOptionValueSource(name) === "cli";
  });
  if (given === undefined) return;
  const { DrayError } = await import("../index.ts");
  const flag = given.long ?? given.flags;
  throw new DrayError("DRAY_USAGE", `Cannot use ${flag} without --repoint`, {
    kind: "usage",
    hint: "Add --repoint DIR, which writes the values that charts are installed with.",
  });
}

/** What the flags say of repointing. @throws DrayError `DRAY_USAGE` */
export async function repointTerms(
  flags: RepointTermFlags,
  sets: readonly ValueSet[],
  session: Session,
): Promise<RepointTerms> {
  await requireOneReader(flags, sets);
  return {
    chart: flags.chart,
    neededOnly: flags.neededOnly,
    nodes: flags.nodes,
    pins: flags.pin ?? (flags.unpin === true ? "none" : undefined),
    git: [
      ...(flags.flux === true ? ["flux" as const] : []),
      ...(flags.argo === true ? ["argo" as const] : []),
    ],
    connection: { plainHttp: flags.plainHttp, certificates: await certificatesOf(flags) },
    pullSecret: await pullSecretOf(flags, session),
    valueSets: await readSets(sets, flags, session),
    discovery: { ...(await discoverySettings(flags, session)), ...releaseOf(flags) },
  };
}

/** Those that the command itself trusts, for whoever pulls. */
async function certificatesOf({ caFile }: RepointTermFlags): Promise<string | undefined> {
  const named = await namedCertificates(caFile);
  if (named.length === 0) return undefined;
  return named.map((text) => `${text.trimEnd()}\n`).join("");
}

/** Standard input can be read once. */
async function requireOneReader(
  { pullLogin, passwordStdin }: RepointTermFlags,
  sets: readonly ValueSet[],
): Promise<void> {
  const readers = [
    ...(pullLogin === "-" ? ["--pull-login -"] : []),
    ...(passwordStdin === true ? ["--password-stdin"] : []),
    ...(sets.some(({ files = [] }) => files.includes("-")) ? ["--values -"] : []),
  ];
  if (readers.length < 2) return;
  const { DrayError } = await import("../index.ts");
  const message = `Cannot read standard input twice: ${readers.join(" and ")} would`;
  throw new DrayError("DRAY_USAGE", message, {
    kind: "usage",
    hint: "Write one of them into a file.",
  });
}
