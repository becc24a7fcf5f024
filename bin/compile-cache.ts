import { lstatSync, mkdirSync, statSync } from "node:fs";
import * as modules from "node:module";
import { isAbsolute, join } from "node:path";
import process from "node:process";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Lets a Node.js that can (22.1 or newer) keep what it compiles of the program, and start with that
 * the next time. Without a place for it everything goes on as before.
 */
export function keepCompiled(env: Environment): void {
  if (!("enableCompileCache" in modules)) return;
  const { enableCompileCache: enable } = modules;
  const folder = compiledFolder(env);
  if (folder !== undefined && typeof enable === "function") enable(folder);
}

/**
 * A folder for what is compiled, made if it is not there. What lies in it is run: it belongs to whoever
 * runs this, in a home of their own, and nobody else may write there. Undefined where there is none such.
 * @internal for its test
 */
export function compiledFolder(env: Environment): string | undefined {
  const base = cacheHome(env);
  if (base === undefined) return undefined;
  const folder = join(base.cache, "dray", "compiled");
  try {
    // With `sudo` the home may be that of another, who could not remove what is made here.
    if (!isOwn(statSync(base.home).uid)) return undefined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    const isPrivate = process.platform === "win32" || (found.mode & 0o022) === 0;
    return found.isDirectory() && isOwn(found.uid) && isPrivate ? folder : undefined;
  } catch {
    // A home that cannot be written to is no failure of what was asked for.
    return undefined;
  }
}

function isOwn(uid: number): boolean {
  return process.getuid === undefined || process.getuid() === uid;
}

/** Where programs keep what they can make again, and what has to be one's own for that. */
function cacheHome(env: Environment): { home: string; cache: string } | undefined {
  const place = (name: string): string | undefined => {
    const path = env[name];
    return path !== undefined && isAbsolute(path) ? path : undefined;
  };
  if (process.platform === "win32") return both(place("LOCALAPPDATA"), "");
  const named = place("XDG_CACHE_HOME");
  if (named !== undefined) return both(named, "");
  return both(place("HOME"), process.platform === "darwin" ? "Library/Caches" : ".cache");
}

function both(home: string | undefined, below: string): ReturnType<typeof cacheHome> {
  return home === undefined ? undefined : { home, cache: join(home, below) };
}
