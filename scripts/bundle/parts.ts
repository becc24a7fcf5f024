import { readdirSync } from "node:fs";
import { resolve, sep } from "node:path";
import type { ChunkingContext, CodeSplittingGroup } from "rolldown";

/**
 * The commands that are run most, and with each those that need much the same. What several of them need makes a
 * file for just these: a command loads next to nothing that it does not need, and that in few files, because
 * opening one takes as long as reading 10 KB more.
 */
const OFTEN: readonly (readonly string[])[] = [
  ["images"],
  ["pack", "copy", "preflight"],
  ["push"],
  ["verify", "inspect", "unpack", "sign", "split"],
];

/** What is loaded before a command: what reads the command line, and what its user and machine bring along. */
const BEGINNING = ["cli/program.js", "defaults.js"];

/** Who asks for what connects, where a registry or a chart repository is to be asked. */
const CONNECTING = [
  "defaults.js",
  "cli/registry-flags.js",
  "intake/sources.js",
  "intake/charts/whole-chart.js",
];

/** Paths of what others than commands begin with. */
interface Library {
  /** What the library exports, by where it stands. */
  readonly modules: readonly string[];
  readonly threads: readonly string[];
  /** What programs import that want one part of the library, by the name that it has for them. */
  readonly entries: Readonly<Record<string, string>>;
}

/** Who begins somewhere, and the modules that they begin with. */
interface Reader {
  readonly name: string;
  /** What it is called where a module is for others too. @default its name */
  readonly together?: string;
  readonly starts: readonly string[];
  /** Whether a module that is loaded for these gets this name too. @default always */
  readonly joins?: (readers: readonly Reader[]) => boolean;
}

/**
 * Puts a module into the file that is named for all who need it. Whoever needs a module needs what it imports
 * too, so files import one another in one direction.
 */
export function partsByReader(built: string, library: Library): CodeSplittingGroup {
  // What a thread begins with runs as soon as it is loaded, and is no part of what another one loads. What
  // programs import keeps the exports that it has.
  const begins = new Set([...library.threads, ...Object.values(library.entries)]);
  const commands = resolve(built, "src/cli") + sep;
  let known: ReadonlyMap<string, readonly Reader[]> | undefined;
  return {
    debugName: "parts by reader",
    name: (id, context) => {
      known ??= readersOfModules(readersOf(built, library, context), context);
      const readers = begins.has(id) ? undefined : known.get(id);
      return readers && (id.startsWith(commands) ? flagsFor(readers) : partFor(readers));
    },
  };
}

function readersOf(
  built: string,
  { threads, entries }: Library,
  context: ChunkingContext,
): readonly Reader[] {
  const at = (path: string): string => resolve(built, "src", path);
  const askedBy = (path: string): readonly string[] =>
    context.getModuleInfo(at(path))?.dynamicallyImportedIds ?? [];
  const startsOf = (command: string): string[] => {
    const path = `cli/${command}-command.js`;
    return [at(path), ...askedBy(path)];
  };
  const beginning: Reader = { name: "beginning", starts: BEGINNING.map(at) };
  const isLater = (readers: readonly Reader[]): boolean => !readers.includes(beginning);
  const seldom = commandsIn(at("cli")).filter((command) => !OFTEN.flat().includes(command));
  return [
    beginning,
    ...OFTEN.map((alike) => ({
      name: alike[0] ?? "",
      starts: alike.flatMap(startsOf),
      joins: isLater,
    })),
    ...seldom.map((name) => ({ name, together: "others", starts: startsOf(name), joins: isLater })),
    {
      name: "connecting",
      starts: CONNECTING.flatMap(askedBy),
      joins: (readers) => readers.length < 2 && isLater(readers),
    },
    { name: "patterns", starts: askedBy("chart/regex.js") },
    { name: "threads", starts: threads },
    ...Object.entries(entries).map(([name, path]) => ({ name: `dray_${name}`, starts: [path] })),
    // `dray --version` loads nothing but that.
    { name: "version", starts: [at("version.js")] },
  ];
}

function commandsIn(folder: string): string[] {
  const suffix = "-command.js";
  const files = readdirSync(folder).filter((file) => file.endsWith(suffix));
  return files.map((file) => file.slice(0, -suffix.length));
}

/** For each module its readers. */
function readersOfModules(
  readers: readonly Reader[],
  context: ChunkingContext,
): ReadonlyMap<string, readonly Reader[]> {
  const known = new Map<string, readonly Reader[]>();
  for (const reader of readers) {
    const { starts, joins = () => true } = reader;
    for (const id of reachedFrom(starts, context)) {
      const before = known.get(id) ?? [];
      if (joins(before)) known.set(id, [...before, reader]);
    }
  }
  return known;
}

function partFor(readers: readonly Reader[]): string {
  const [only] = readers.length === 1 ? readers : [];
  return only?.name ?? groupsOf(readers).join("-");
}

/**
 * A command's flags and words are apart from what it does: its help comes without that. What several have in
 * common comes with the beginning, so that the help of all is in few files.
 */
function flagsFor(readers: readonly Reader[]): string {
  const [first = "", ...others] = groupsOf(readers);
  return `cli-${others.length === 0 ? first : "beginning"}`;
}

function groupsOf(readers: readonly Reader[]): string[] {
  return [...new Set(readers.map(({ name, together }) => together ?? name))];
}

/** What is loaded with some modules; not what they load later. */
function reachedFrom(starts: readonly string[], context: ChunkingContext): ReadonlySet<string> {
  const reached = new Set(starts);
  // A set that grows is walked to its end.
  for (const id of reached) {
    for (const imported of context.getModuleInfo(id)?.importedIds ?? []) reached.add(imported);
  }
  return reached;
}
