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
  let names: ReadonlyMap<string, string> | undefined;
  return {
    debugName: "parts by reader",
    name: (id, context) => {
      names ??= namesOf(readersOf(built, library, context), context);
      const name = begins.has(id) ? undefined : names.get(id);
      // The help of a command and what it says of a wrong flag come without what it does.
      return name !== undefined && id.startsWith(commands) ? `cli-${name}` : name;
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

/** For each module the names of its readers. */
function namesOf(
  readers: readonly Reader[],
  context: ChunkingContext,
): ReadonlyMap<string, string> {
  const known = new Map<string, readonly Reader[]>();
  for (const reader of readers) {
    const { starts, joins = () => true } = reader;
    for (const id of reachedFrom(starts, context)) {
      const before = known.get(id) ?? [];
      if (joins(before)) known.set(id, [...before, reader]);
    }
  }
  return new Map([...known].map(([id, all]) => [id, nameOf(all)]));
}

function nameOf(readers: readonly Reader[]): string {
  const isOne = readers.length === 1;
  const names = readers.map(({ name, together }) => (isOne ? name : (together ?? name)));
  return [...new Set(names)].join("-");
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
