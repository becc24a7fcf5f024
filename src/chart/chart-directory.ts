import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dirent, Stats } from "node:fs";
import { entryPath } from "../archive/entry-path.ts";
import { isWithin, linkTarget } from "../content/links.ts";
import { DrayError, systemCode, unreadable } from "../errors.ts";
import { MAX_CHART_BYTES, MAX_CHART_FILES } from "./chart-archive.ts";
import { MAX_CHART_FILE_BYTES } from "./chart-yaml.ts";
import { loadPatterns } from "./regex.ts";
import { needsPatterns, parseHelmIgnore, type Ignores } from "./path-patterns.ts";

/** Files and directories: links may lead to one directory many times. */
const MAX_ENTRIES = 2 * MAX_CHART_FILES;

/** What to do about what leads out of where a chart is. */
export const ROOT_HINT =
  "Name a directory that has all that it needs with --chart-root DIR, or `chartRoot` in bundle.yaml.";

/**
 * Reads the files of a chart's directory as Helm does: without what `.helmignore` names, and with what
 * links lead to, as long as that lies in the directory itself or below `chartRoot`.
 * @throws DrayError `DRAY_CHART_INVALID`
 */
export async function readChartDirectory(
  path: string,
  chartRoot?: string,
): Promise<ReadonlyMap<string, Buffer>> {
  const root = await realpath(path);
  const roots = chartRoot === undefined ? [root] : [root, await existing(chartRoot)];
  const reader = new DirectoryReader(path, roots, await readIgnores(root, path));
  await requireChart(root, path);
  await reader.read(root, "", [root]);
  return reader.files;
}

/** Before anything else is read: what is no chart may have files of any size. */
async function requireChart(root: string, path: string): Promise<void> {
  const file = join(root, "Chart.yaml");
  const found = await stat(file).catch((cause: unknown) => {
    if (systemCode(cause) !== "ENOENT") throw unreadable(cause, "chart", file) ?? cause;
    return undefined;
  });
  if (found !== undefined) return;
  const names = (await readable(root, () => readdir(root))).filter((name) => name.endsWith(".tgz"));
  const [first] = names.toSorted();
  throw invalid(
    path,
    "it has no Chart.yaml",
    first === undefined
      ? "Name the directory that has it."
      : `Name one of its charts: ${join(path, first)}`,
  );
}

class DirectoryReader {
  readonly files = new Map<string, Buffer>();
  readonly #what: string;
  readonly #roots: readonly string[];
  readonly #ignores: Ignores;
  #bytes = 0;
  #entries = 0;

  constructor(path: string, roots: readonly string[], ignores: Ignores) {
    this.#what = path;
    this.#roots = roots;
    this.#ignores = ignores;
  }

  /** `directory` is without links, `around` are those that it was reached through. */
  async read(directory: string, below: string, around: readonly string[]): Promise<void> {
    const entries = await readable(directory, () => readdir(directory, { withFileTypes: true }));
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (++this.#entries > MAX_ENTRIES)
        throw this.#invalid(`it has more than ${MAX_ENTRIES} files`);
      await this.#take(entry, { name, place: join(directory, entry.name), around });
    }
  }

  async #take(entry: Dirent, { name, place, around }: Found): Promise<void> {
    const target = entry.isSymbolicLink() ? await this.#follow(place, name) : place;
    if (target === undefined) return;
    const found = await readable(target, () => stat(target));
    if (this.#ignores(name, found.isDirectory())) return;
    this.#requireName(name);
    if (entry.isSymbolicLink()) this.#requireInside(target, name);
    if (!found.isDirectory()) return this.#add(name, target, found);
    if (around.includes(target)) {
      throw this.#invalid(`${JSON.stringify(name)} is a link to a directory that it lies in`);
    }
    await this.read(target, name, [...around, target]);
  }

  /** Undefined for a link to nothing that the chart leaves out. */
  async #follow(place: string, name: string): Promise<string | undefined> {
    const target = await linkTarget(place);
    if (target !== undefined || this.#ignores(name, false)) return target;
    throw this.#invalid(`${JSON.stringify(name)} is a link that leads nowhere`);
  }

  #requireName(name: string): void {
    const checked = entryPath(name);
    if (!("problem" in checked)) return;
    throw this.#invalid(`it has a file ${JSON.stringify(name.slice(0, 200))}: ${checked.problem}`);
  }

  #requireInside(target: string, name: string): void {
    if (this.#roots.some((root) => isWithin(target, root))) return;
    const where = `${JSON.stringify(name)} is a link out of it, to ${JSON.stringify(target)}`;
    throw this.#invalid(where, ROOT_HINT);
  }

  async #add(name: string, path: string, found: Stats): Promise<void> {
    if (!found.isFile()) throw this.#invalid(`${JSON.stringify(name)} is a device, pipe or socket`);
    this.#bytes += found.size;
    if (found.size > MAX_CHART_FILE_BYTES) throw this.#invalid(`${name} has ${found.size} bytes`);
    if (this.#bytes > MAX_CHART_BYTES) {
      throw this.#invalid(`it has more than ${MAX_CHART_BYTES} bytes`);
    }
    if (this.files.size >= MAX_CHART_FILES) {
      throw this.#invalid(`it has more than ${MAX_CHART_FILES} files`);
    }
    this.files.set(name, await readable(path, () => readFile(path)));
  }

  #invalid(reason: string, hint?: string): DrayError {
    return invalid(this.#what, reason, hint);
  }
}

/** An entry below the chart's directory, and where that is. */
interface Found {
  readonly name: string;
  readonly place: string;
  readonly around: readonly string[];
}

async function readIgnores(root: string, path: string): Promise<Ignores> {
  const file = join(root, ".helmignore");
  const found = await stat(file).catch(() => undefined);
  const isUsable = found?.isFile() === true && found.size <= MAX_CHART_FILE_BYTES;
  const text = isUsable ? (await readable(file, () => readFile(file))).toString("utf8") : "";
  if (needsPatterns(text)) await loadPatterns();
  const rules = parseHelmIgnore(text);
  if ("problem" in rules) throw invalid(path, `.helmignore, ${rules.problem}`);
  return rules;
}

async function existing(chartRoot: string): Promise<string> {
  return readable(chartRoot, () => realpath(chartRoot));
}

async function readable<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw unreadable(cause, "chart", path) ?? cause;
  }
}

function invalid(path: string, reason: string, hint?: string): DrayError {
  const message = `Cannot read chart ${JSON.stringify(path)}: ${reason}`;
  return new DrayError("DRAY_CHART_INVALID", message, { kind: "refused", hint });
}
