import { Option } from "commander";
import type { HostReport, PreflightCheck, PreflightReport, ValueSet } from "../index.ts";
import { trustPolicy, type TrustFlags } from "./bundle-flags.ts";
import { addDiscoveryFlags, discoverySettings, readSets } from "./discovery-flags.ts";
import { addExamples, addStoreFlag, integer, repeatable } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addMirrorFlags } from "./mirror-flags.ts";
import { addContentFlags, readRecipe, registriesOf, type ContentFlags } from "./pack-recipe.ts";
import { recipeHere } from "./recipe-here.ts";
import {
  addRegistryFlags,
  chartAccess,
  requireOneRegistry,
  type RegistryFlags,
} from "./registry-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { paragraphs, section } from "./table.ts";
import { addTargetFileFlag, type TargetFlags } from "./target-flags.ts";

interface PreflightFlags
  extends ContentFlags, SessionFlags, RegistryFlags, MapFlags, TargetFlags, TrustFlags {
  readonly store?: string;
  readonly output?: string;
  readonly hosts?: boolean;
  readonly tryWrite?: boolean;
}

export const addPreflightCommand: AddCommand = (program, start) => {
  const command = program
    .command("preflight")
    .summary("ask every host beforehand, and change nothing")
    .description(
      "Goes the way to every host that packing a recipe and pushing to a target would speak to: " +
        "names, ports, proxies, certificates, clocks, logins, the right to pull each image and to " +
        "push to each repository, room on the disk. Changes nothing. Exit code 3 means: something " +
        "would fail.",
    )
    .argument("[recipe]", "a recipe; else bundle.yaml of this folder, as for pack");
  addContentFlags(command);
  const sets = addDiscoveryFlags(command);
  command
    .optionsGroup("What is asked:")
    .option("--target <target>", "REGISTRY[:PORT][/PREFIX] that would be pushed to")
    .option("--try-write", "begin an upload in each repository that is there, cancel it")
    .option("--hosts", "print HOST:PORT of each, one a line, for an allow-list")
    .option("-o, --output <file>", "where the bundle would be written");
  addTargetFileFlag(command, start);
  command
    .optionsGroup("Trust:")
    .addOption(repeatable("--key <file>", "public key that must have signed bundles of --from"))
    .addOption(
      new Option("--require <number>", "how many of these keys must have signed")
        .argParser(integer({ least: 1, most: 100 }))
        .default(1),
    );
  addMapFlags(command);
  addStoreFlag(command);
  addMirrorFlags(addRegistryFlags(command));
  addOutputFlags(command);
  addExamples(command, [
    "dray preflight bundle.yaml",
    "dray preflight bundle.yaml --hosts > allow-list.txt",
    "dray preflight bundle.yaml --target registry.internal:5000/mirror --try-write",
    "dray preflight --from shop-1.4.0.tar.gz --target registry.internal:5000/mirror",
  ]);
  command.action(async (recipe: string | undefined, flags: PreflightFlags) =>
    runPreflight({ path: recipe, sets }, flags, await start(flags)),
  );
};

async function runPreflight(
  { path: named, sets }: { path: string | undefined; sets: readonly ValueSet[] },
  flags: PreflightFlags,
  session: Session,
): Promise<void> {
  const { run, print, refuse, defaults } = session;
  const { preflight } = await import("../index.ts");
  const path = await recipeHere(named, flags, session);
  const recipe = await readRecipe(path, flags, await readSets(sets, flags, session));
  const { target } = flags;
  const sources = await registriesOf(recipe);
  const registries = [...sources, ...(target === undefined ? [] : [hostIn(target)])];
  if (registries.length === 0 && recipe.charts.length === 0) throw await nobodyToAsk(recipe.from);
  await requireOneRegistry(registries, flags);
  const report = await preflight(
    {
      recipe,
      target,
      mapping: await readMapping(flags),
      discovery: await discoverySettings(flags, session),
      store: flags.store ?? defaults.store,
      output: flags.output,
      tryWrite: flags.tryWrite,
      trust: flags.key === undefined ? undefined : await trustPolicy(flags, defaults),
      ...(await chartAccess(flags, session, registries)),
    },
    run,
  );
  const isHidden = flags.quiet === true || flags.hosts === true;
  print(
    report,
    () => (flags.hosts === true ? formatHosts(report) : formatReport(report)),
    isHidden ? formatFailures(report) : "",
  );
  if (!report.good) refuse("Something would fail: the report says what.\n");
}

function hostIn(target: string): string {
  return target.replace(/^[a-z]+:\/\//, "").split("/")[0] ?? target;
}

async function nobodyToAsk(from: readonly string[]): Promise<Error> {
  const { DrayError } = await import("../index.ts");
  const message =
    from.length === 0
      ? "Expected a recipe or a target: there is nobody to ask"
      : "Expected --target beside --from: what is packed is asked for at a target, else there is nobody to ask";
  return new DrayError("DRAY_USAGE", message, {
    kind: "usage",
    hint: "dray preflight bundle.yaml --target registry.internal:5000/mirror",
  });
}

/** `HOST:PORT`, with a remark where nothing needs it as things are. */
function formatHosts({ hosts }: PreflightReport): string {
  return hosts
    .map(({ host, optional }) => `${host}${optional ? "  # for optional images only" : ""}\n`)
    .join("");
}

function formatReport({ hosts, here, good }: PreflightReport): string {
  const verdict = good ? "Good: nothing stands in the way.\n" : "NOT GOOD: something would fail.\n";
  return paragraphs([
    ...hosts.map(formatHost),
    section("this host", here.map(formatCheck).join("")),
    verdict,
  ]);
}

function isWrong({ verdict }: PreflightCheck): boolean {
  return verdict === "failed" || verdict === "note";
}

/** What is not as it should be, for whoever does not see the report. */
function formatFailures({ hosts, here }: PreflightReport): string {
  return paragraphs([
    ...hosts
      .map((one) => ({ ...one, checks: one.checks.filter(isWrong) }))
      .filter(({ checks }) => checks.length > 0)
      .map(formatHost),
    section("this host", here.filter(isWrong).map(formatCheck).join("")),
  ]);
}

function formatHost({ host, roles, optional, checks }: HostReport): string {
  const remark = optional ? ", for optional images only" : "";
  return section(`${host}  ${roles.join(", ")}${remark}`, checks.map(formatCheck).join(""));
}

const WORDS: Readonly<Record<PreflightCheck["verdict"], string>> = {
  ok: "ok",
  note: "note",
  unknown: "unknown",
  failed: "FAILED",
};

function formatCheck({ check, verdict, about, detail, hint }: PreflightCheck): string {
  const what = about === undefined ? detail : `${about}: ${detail}`;
  const line = `  ${check.padEnd(10)}  ${WORDS[verdict].padEnd(7)}  ${what.replaceAll("\n", "\n    ")}\n`;
  return hint === undefined || verdict === "ok" ? line : `${line}${" ".repeat(23)}${hint}\n`;
}
