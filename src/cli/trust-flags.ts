import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Option, type Command } from "commander";
import type { TrustPolicy } from "../index.ts";
import { integer, repeatable } from "./flags.ts";
import type { Io } from "./io.ts";

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

/** Where the keys lie that are trusted without being named. */
export function trustFolder(env: Io["env"]): string {
  const config = env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config");
  return env["DRAY_TRUST_DIR"] ?? join(config, "dray", "trust");
}

export function workDirectory(flags: { readonly workDir?: string }, env: Io["env"]): string {
  return flags.workDir ?? env["DRAY_WORK_DIR"] ?? tmpdir();
}

export async function trustPolicy(flags: TrustFlags, io: Io): Promise<TrustPolicy> {
  const { readPublicKey, readTrustFolder } = await import("../index.ts");
  const keys =
    flags.key === undefined
      ? await readTrustFolder(trustFolder(io.env))
      : await Promise.all(flags.key.map(readPublicKey));
  return { keys, require: flags.require, allowUnsigned: flags.allowUnsigned };
}
