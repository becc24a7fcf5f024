import { dirname, join } from "node:path";
import type { Lock } from "../index.ts";

/** Flags that say what tags stood for. */
export interface LockFlags {
  readonly lock?: string;
  readonly locked?: boolean;
}

/** The digests of an earlier run, whether they are to be used, and where this run writes its own. */
interface LockChoices {
  readonly lock: Lock | undefined;
  readonly locked: boolean | undefined;
  readonly lockPath: string | undefined;
}

export async function lockChoices(
  recipePath: string | undefined,
  flags: LockFlags,
): Promise<LockChoices> {
  const path = flags.lock ?? lockPathFor(recipePath);
  const lock = path === undefined ? undefined : await readLock(path);
  if (flags.locked === true && lock === undefined) {
    const { DrayError } = await import("../index.ts");
    throw new DrayError(
      "DRAY_USAGE",
      `Cannot pack as locked: there is no lock${path === undefined ? "" : ` at ${JSON.stringify(path)}`}`,
      { kind: "usage", hint: "Pack once without --locked, or name the lock with --lock." },
    );
  }
  return { lock, locked: flags.locked, lockPath: flags.locked === true ? undefined : path };
}

async function readLock(path: string): Promise<Lock | undefined> {
  const { isMissing, parseLock, readSmallFile } = await import("../index.ts");
  let bytes: Buffer;
  try {
    bytes = await readSmallFile(path, { what: "lock" });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parseLock(bytes, path);
}

/** `bundle.yaml` has `bundle.lock.json` beside it; flags alone have no lock unless one is named. */
function lockPathFor(recipePath: string | undefined): string | undefined {
  if (recipePath === undefined) return undefined;
  const name = recipePath.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "");
  return join(dirname(recipePath), `${name}.lock.json`);
}
