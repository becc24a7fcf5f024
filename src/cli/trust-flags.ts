import { Option, type Command } from "commander";
import type { Defaults, TrustPolicy } from "../index.ts";
import { integer, repeatable } from "./flags.ts";

/** Flags of every command that opens a bundle. */
export interface TrustFlags {
  readonly key?: readonly string[];
  readonly require?: number;
  readonly allowUnsigned?: boolean;
  readonly workDir?: string;
}

export function addTrustFlags(command: Command): Command {
  return command
    .addOption(
      repeatable("--key <file>", "public key whose signature is trusted; else the trust folder"),
    )
    .addOption(
      new Option("--require <number>", "how many of the trusted keys must have signed")
        .argParser(integer({ least: 1, most: 100 }))
        .default(1),
    )
    .option("--allow-unsigned", "take a bundle that no trusted key has signed")
    .option("--work-dir <dir>", "private scratch space for bundles that were compressed again");
}

export async function trustPolicy(flags: TrustFlags, { trust }: Defaults): Promise<TrustPolicy> {
  const { readPublicKey } = await import("../index.ts");
  const { keys } =
    flags.key === undefined
      ? await trust()
      : { keys: await Promise.all(flags.key.map(readPublicKey)) };
  return { keys, require: flags.require, allowUnsigned: flags.allowUnsigned };
}
