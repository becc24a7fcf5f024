import type { Dirent, Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DrayError, systemCode, unreadable } from "../../errors.ts";
import { foldedPath } from "../entry-path.ts";
import { isJunkName, mayBeAppleDouble } from "../junk.ts";
import { BESIDE } from "../lone-archive.ts";
import { familyOf, nameOfPart, partOf, type Part } from "./part-name.ts";
import { isPartSums, PART_SUMS_ENDING, readPartSums } from "./part-sums.ts";

/** Whose parts are meant by what somebody has named. */
export interface NamedParts {
  /** Where the first of them are looked for. */
  readonly folder: string;
  /** Any of them, with names and no folders. */
  readonly part: Part;
}

/**
 * Whose parts are meant by a part, by their list, by the folder that holds them, or by the name of the
 * whole where only parts of it are there. The path of the one file that is meant where those are
 * no parts, and undefined where that is the given one.
 */
export async function namedParts(path: string): Promise<NamedParts | string | undefined> {
  const found = await statIfThere(path);
  if (found?.isDirectory() === true) return partsInFolder(path);
  const folder = dirname(path);
  const name = basename(path);
  if (found !== undefined && isPartSums(name)) return listedParts(folder, name);
  const part = partOf(name);
  if (part !== undefined && (found === undefined || found.isFile())) return { folder, part };
  return found === undefined ? partsOfWhole(folder, name) : undefined;
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemCode(error);
    // Whoever opens it says what is wrong.
    if (code !== undefined) return undefined;
    throw error;
  }
}

/** What a list of sums is about: parts, or one file beside it. */
async function listedParts(folder: string, name: string): Promise<NamedParts | string | undefined> {
  const given = name.slice(0, -PART_SUMS_ENDING.length);
  const sums = await readPartSums([folder], given);
  const parts = (sums?.names ?? []).flatMap((listed) => partOf(listed) ?? []);
  const whole = await wholeIn(folder, given, parts);
  const [part] = parts;
  if (whole === undefined && part !== undefined) return { folder, part };
  return sums?.of(given) === undefined ? undefined : join(folder, whole ?? given);
}

/** The name of the whole where it lies there and none of its parts does. */
async function wholeIn(
  folder: string,
  given: string,
  parts: readonly Part[],
): Promise<string | undefined> {
  const families = new Set(parts.map(familyOf));
  const names = await namesIfReadable(folder);
  const isPart = (name: string): boolean => {
    const part = partOf(name);
    return part !== undefined && families.has(familyOf(part));
  };
  if (names.some(isPart)) return undefined;
  return names.find((name) => foldedPath(name) === foldedPath(given));
}

async function partsOfWhole(folder: string, whole: string): Promise<NamedParts | undefined> {
  for (const name of await namesIfReadable(folder)) {
    const part = partOf(name);
    if (part !== undefined && foldedPath(part.whole) === foldedPath(whole)) return { folder, part };
  }
  return undefined;
}

async function namesIfReadable(folder: string): Promise<string[]> {
  try {
    return await fileNames(folder);
  } catch (error) {
    // Whoever opens what was named says what is wrong.
    if (error instanceof DrayError || systemCode(error) !== undefined) return [];
    throw error;
  }
}

/**
 * A folder with parts and what may lie beside them; with their list, whatever else does, such as a part
 * that has lost its name. @throws DrayError `DRAY_ARCHIVE_AMBIGUOUS`
 */
async function partsInFolder(folder: string): Promise<NamedParts | string | undefined> {
  const lying = await lookInto(folder);
  const { families, lists, strangers } = lying;
  const [part, ...others] = families.values();
  if (strangers.length > 0 && !(await areListed(folder, part, lying))) return undefined;
  if (others.length > 0) throw ambiguous(folder, [...families.values()]);
  if (part !== undefined) return { folder, part };
  const [only, ...more] = lists;
  if (more.length > 0 || only === undefined) return undefined;
  const listed = await listedParts(folder, only);
  return typeof listed === "string" ? undefined : listed;
}

interface Lying {
  /** Any part of each whole. */
  readonly families: ReadonlyMap<string, Part>;
  /** Names of lists of sums. */
  readonly lists: readonly string[];
  readonly strangers: readonly string[];
}

async function lookInto(folder: string): Promise<Lying> {
  const families = new Map<string, Part>();
  const lists: string[] = [];
  const strangers: string[] = [];
  for (const entry of await list(folder)) {
    const { name } = entry;
    const part = partOf(name);
    if (isBeside(entry)) {
      if (isPartSums(name)) lists.push(name);
    } else if (part === undefined || entry.isDirectory()) {
      strangers.push(name);
    } else {
      families.set(familyOf(part), part);
    }
  }
  return { families, lists, strangers };
}

/** What a bundle or an image layout has at its root, and no medium beside a bundle. */
const ROOTS: ReadonlySet<string> = new Set(["SHA256SUMS", "index.json", "oci-layout"]);

/** True where a list names parts that are there: what lies beside them is none of their business. */
async function areListed(
  folder: string,
  part: Part | undefined,
  { lists, strangers }: Lying,
): Promise<boolean> {
  if (part === undefined || strangers.some((name) => ROOTS.has(name))) return false;
  const sums = await readPartSums([folder], basename(part.whole));
  const own = lists.some((name) => foldedPath(name) === foldedPath(part.whole + PART_SUMS_ENDING));
  return own && sums?.of(basename(nameOfPart(part, part.number))) !== undefined;
}

function isBeside(entry: Dirent): boolean {
  return isJunkName(entry.name) || mayBeAppleDouble(entry.name) || BESIDE.test(entry.name);
}

/** Names of the files in a folder, without what carriers have added. */
export async function fileNames(folder: string): Promise<string[]> {
  const entries = (await list(folder)).filter((entry) => !entry.isDirectory() && !isBeside(entry));
  return entries.map(({ name }) => name).toSorted();
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(cause, "folder", folder) ?? cause;
  }
}

function ambiguous(folder: string, found: readonly Part[]): DrayError {
  const names = found.map(({ whole }) => JSON.stringify(whole)).join(", ");
  return new DrayError(
    "DRAY_ARCHIVE_AMBIGUOUS",
    `Cannot open ${JSON.stringify(folder)}: expected the parts of one bundle, found those of ${names}`,
    { kind: "usage", hint: "Name one part of the one that is meant." },
  );
}
