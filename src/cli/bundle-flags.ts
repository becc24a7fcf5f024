import { Option, type Command } from "commander";
import type { Defaults, GivenNames, Platform, TrustPolicy } from "../index.ts";
import { integer, repeatable, seldom } from "./flags.ts";
import type { Session } from "./session.ts";

/** Flags that say whom to trust. */
export interface TrustFlags {
  readonly key?: readonly string[];
  readonly require?: number;
  readonly allowUnsigned?: boolean;
}

/** Flags of every command that opens a bundle: whom to trust, and what to make of those of others. */
export interface BundleFlags extends TrustFlags {
  readonly rename?: readonly string[];
  readonly repository?: string;
  readonly platform?: readonly string[];
  readonly parts?: readonly string[];
  readonly base?: readonly string[];
}

export function addTrustFlags(command: Command, title = "Trust:"): Command {
  return addSignerFlags(
    command.optionsGroup(title),
    "how many of the trusted keys must have signed",
  ).option("--allow-unsigned", "take a bundle that no trusted key has signed");
}

function addSignerFlags(command: Command, require: string): Command {
  return command
    .addOption(
      repeatable("--key <file>", "public key whose signature is trusted; else the trust folder"),
    )
    .addOption(
      new Option("--require <number>", require)
        .argParser(integer({ least: 1, most: 100 }))
        .default(1),
    );
}

export function addBundleFlags(command: Command): Command {
  return addContentFlags(addTrustFlags(command));
}

/** As `addBundleFlags`, for commands that only look: who has signed is told, and nothing refused for it. */
export function addLookFlags(command: Command): Command {
  const group = command.optionsGroup("Trust:");
  addSignerFlags(group, "warn where fewer of the trusted keys have signed").addOption(
    seldom(new Option("--allow-unsigned", "changes nothing: what nobody has signed is taken")),
  );
  return addContentFlags(command);
}

/** Flag of every command that takes a bundle. */
export function partsFlag(): Option {
  return repeatable("--parts <dir>", "folder in which further parts of the bundle lie");
}

function addContentFlags(command: Command): Command {
  return command
    .optionsGroup("The bundle:")
    .addOption(partsFlag())
    .addOption(
      repeatable("--base <bundle>", "a bundle that has what this one, a delta, leaves out"),
    )
    .optionsGroup("What others have packed:")
    .addOption(
      seldom(
        repeatable("--rename <digest=reference>", "name an image of a layout or archive of others"),
      ),
    )
    .addOption(
      seldom(
        new Option("--repository <name>", "where such images belong that have a tag and no name"),
      ),
    )
    .addOption(seldom(repeatable("--platform <platform>", "of such images only this platform")))
    .optionsGroup("Room to work:")
    .addOption(
      seldom(new Option("--work-dir <dir>", "private scratch space for bundles compressed again")),
    );
}

const OF_BUNDLES: readonly (keyof BundleFlags)[] = [
  "key",
  "require",
  "allowUnsigned",
  "rename",
  "repository",
  "platform",
  "parts",
  "base",
];

/** True if the command line itself, not a target file, says something of a bundle. */
export function speaksOfBundle(command: Command): boolean {
  return OF_BUNDLES.some((flag) => command.getOptionValueSource(flag) === "cli");
}

/** A flag of commands that use what is in a bundle. */
export interface VerifyFirstFlag {
  readonly verifyFirst?: boolean;
}

export function addVerifyFirstFlag(command: Command): Command {
  return command
    .optionsGroup("Trust:")
    .option(
      "--verify-first",
      "verify every byte before anything is used, not blobs while they are",
    );
}

/** What is said of a bundle beside where it is. */
interface BundleChoices {
  readonly trust: TrustPolicy;
  readonly names: GivenNames;
  readonly platforms: readonly Platform[];
  readonly parts: readonly string[] | undefined;
  readonly base: readonly string[] | undefined;
}

export async function bundleChoices(
  flags: BundleFlags,
  { defaults }: Session,
): Promise<BundleChoices> {
  const { parseNames, parsePlatform } = await import("../index.ts");
  const { rename = [], platform = [] } = flags;
  return {
    trust: await trustPolicy(flags, defaults),
    names: parseNames(rename, flags.repository),
    platforms: platform.map(parsePlatform),
    parts: flags.parts,
    base: flags.base,
  };
}

export async function trustPolicy(flags: TrustFlags, { trust }: Defaults): Promise<TrustPolicy> {
  const { DrayError, readPublicKey } = await import("../index.ts");
  if (flags.allowUnsigned === true && (flags.require ?? 1) > 1) {
    throw new DrayError(
      "DRAY_USAGE",
      `Cannot use --require ${flags.require} with --allow-unsigned: one asks for signatures, the other for none`,
      { kind: "usage", hint: "Leave out --allow-unsigned; --require alone says what is enough." },
    );
  }
  const { keys } =
    flags.key === undefined
      ? await trust()
      : { keys: await Promise.all(flags.key.map(readPublicKey)) };
  return { keys, require: flags.require, allowUnsigned: flags.allowUnsigned };
}
