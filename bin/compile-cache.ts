import { lstatSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import * as modules from "node:module";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { VERSION } from "../src/version.ts";

/** Versions of dray and Node.js whose code is kept: of more nobody makes use by turns. */
const KEPT = 4;

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
 * A folder for what is compiled by this version, made if it is not there; then those go that were made
 * long ago. What lies in it is run: it belongs to whoever
 * runs this, in a home of their own, and nobody else may write there. Undefined where there is none such.
 * @internal for its test
 */
export function compiledFolder(env: Environment): string | undefined {
  const base = cacheHome(env);
  if (base === undefined) return undefined;
  const place = join(base.cache, "dray", "compiled");
  const folder = join(place, `${VERSION}-node-${process.versions.node}`);
  try {
    // With `sudo` the home may be that of another, who could not remove what is made here.
    if (!isOwn(statSync(base.home).uid)) return undefined;
    mkdirSync(place, { recursive: true, mode: 0o700 });
    const found = lstatSync(place);
    const isPrivate = process.platform === "win32" || (found.mode & 0o022) === 0;
    if (!found.isDirectory() || !isOwn(found.uid) || !isPrivate) return undefined;
    const isNew = mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined;
    if (isNew) removeOldest(place, folder);
    return folder;
  } catch {
    // A home that cannot be written to is no failure of what was asked for.
    return undefined;
  }
}

/** Whoever runs one of these now compiles on, and keeps nothing. */
function removeOldest(place: string, own: string): void {
  const others = readdirSync(place)
    .map((name) => join(place, name))
    .filter((path) => path !== own)
    .map((path) => ({ path, time: lstatSync(path).mtimeMs }))
    .toSorted((a, b) => b.time - a.time);
  for (const { path } of others.slice(KEPT - 1)) rmSync(path, { recursive: true, force: true });
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
