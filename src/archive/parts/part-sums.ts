import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DrayError, systemCode } from "../../errors.ts";
import { foldedPath } from "../entry-path.ts";

/** What stands behind the name of the whole. */
export const PART_SUMS_ENDING = ".sha256";

/** A thousand parts take 100 KB. */
const MAX_BYTES = 1024 * 1024;

/** As sha256sum writes it, on any system; what lies in another folder is no part. Editors add U+FEFF. */
const LINE = /^\uFEFF?([0-9a-f]{64}) [ *](?:\.\/)?([^/\\]{1,255})$/i;

/** SHA-256 of every part and of the whole, in hexadecimal, by name. Nobody has signed them. */
export class PartSums {
  readonly #sums = new Map<string, { name: string; sum: string; from: string }>();

  /** Names as they are listed, in the order of the list. */
  get names(): string[] {
    return [...this.#sums.values()].map(({ name }) => name);
  }

  /** In whatever case a file system has put the name. */
  of(name: string): string | undefined {
    return this.#sums.get(foldedPath(name))?.sum;
  }

  /** @throws DrayError `DRAY_PARTS_MIXED` */
  add(name: string, sum: string, from: string): void {
    const known = this.#sums.get(foldedPath(name));
    if (known !== undefined && known.sum !== sum) throw twoBundles(name, known.from, from);
    this.#sums.set(foldedPath(name), { name, sum, from });
  }
}

/**
 * The sums of the parts of `whole` that lie in any of `folders`, of which each may have a copy of the
 * list; undefined where there is none.
 * @throws DrayError `DRAY_PARTS_MIXED`
 */
export async function readPartSums(
  folders: readonly string[],
  whole: string,
): Promise<PartSums | undefined> {
  const sums = new PartSums();
  for (const folder of folders) {
    const path = join(folder, await nameOfList(folder, whole));
    for (const line of (await readText(path)).split(/\r?\n/)) {
      const [, sum, name] = LINE.exec(line) ?? [];
      if (sum !== undefined && name !== undefined) sums.add(name, sum.toLowerCase(), path);
    }
  }
  return sums.names.length === 0 ? undefined : sums;
}

/** In whatever case a file system has put it. */
async function nameOfList(folder: string, whole: string): Promise<string> {
  const name = whole + PART_SUMS_ENDING;
  try {
    const names = await readdir(folder);
    return names.includes(name)
      ? name
      : (names.find((one) => foldedPath(one) === foldedPath(name)) ?? name);
  } catch (error) {
    // Whoever looks for the parts says what is wrong with their folder.
    if (systemCode(error) !== undefined) return name;
    throw error;
  }
}

/** True for the name of a list of sums, in whatever case. */
export function isPartSums(name: string): boolean {
  return name.toLowerCase().endsWith(PART_SUMS_ENDING);
}

/** Empty where there is no such file, or one that is no list. */
async function readText(path: string): Promise<string> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= MAX_BYTES ? await readFile(path, "utf8") : "";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}

function twoBundles(name: string, one: string, other: string): DrayError {
  const whole = JSON.stringify(basename(one, PART_SUMS_ENDING));
  return new DrayError(
    "DRAY_PARTS_MIXED",
    `Cannot read the parts of ${whole} together: ${JSON.stringify(one)} and ${JSON.stringify(other)} have different sums for ${JSON.stringify(name)}, so they are of two bundles`,
    { kind: "refused", hint: "Take the parts of one bundle, with its list, and leave the others." },
  );
}

/** As `sha256sum` writes it and checks it: every part, and the whole behind them. */
export function formatPartSums(
  parts: ReadonlyMap<string, string>,
  whole: { readonly name: string; readonly sum: string },
): string {
  const lines = new Map([...parts, [whole.name, whole.sum]]);
  return [...lines].map(([name, sum]) => `${sum}  ${name}\n`).join("");
}
