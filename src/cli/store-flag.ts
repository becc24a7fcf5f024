import { homedir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { Io } from "./io.ts";

/** Flag of every command that downloads. */
export interface StoreFlag {
  readonly store?: string;
}

export function addStoreFlag(command: Command): Command {
  return command.option("--store <dir>", "content store (default: ~/.cache/dray/store)");
}

export function storeDirectory({ store }: StoreFlag, env: Io["env"]): string {
  const cache = env["XDG_CACHE_HOME"] ?? join(env["HOME"] ?? homedir(), ".cache");
  return store ?? env["DRAY_STORE"] ?? join(cache, "dray", "store");
}
