import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { ChunkingContext, CodeSplittingGroup } from "rolldown";

/**
 * The commands that are run most, by the story that they tell, and with each those that need much the same. What
 * several of them need makes a file for just these: a command loads next to nothing that it does not need, and
 * that in few files, because opening one takes as long as reading 10 KB more.
 */
const OFTEN: readonly (readonly string[])[] = [
  ["images"],
  ["pack"],
  ["push"],
  ["verify", "inspect", "unpack", "sign", "split"],
];

/** What every command needs before it knows what it does. */
const BEGINNING = ["defaults.js", "errors.js", "content/small-file.js"];

/** Paths of what others than commands begin with. */
interface Library {
  /** What the library exports, by where it stands. */
  readonly modules: readonly string[];
  readonly threads: readonly string[];
  /** What programs import that want one part of the library, by the name that it has for them. */
  readonly entries: Readonly<Record<string, string>>;
}

/** Who begins somewhere, and the modules that they begin with. */
type Readers = ReadonlyMap<string, readonly string[]>;

/**
 * Puts a module into the file that is named for all who need it. Whoever needs a module needs what it imports
 * too, so files import one another in one direction.
 */
export function partsByReader(built: string, library: Library): CodeSplittingGroup {
  const readers = readersOf(built, library);
  // What a thread begins with runs as soon as it is loaded, and is no part of what another one loads. What
  // programs import keeps the exports that it has.
  const begins = new Set([...library.threads, ...Object.values(library.entries)]);
  let names: ReadonlyMap<string, string> | undefined;
  return {
    debugName: "parts by reader",
    name: (id, context) => {
      names ??= namesOf(readers, context);
      return begins.has(id) ? undefined : names.get(id);
    },
  };
}

function readersOf(built: string, { modules, threads, entries }: Library): Readers {
  const folder = resolve(built, "src/stories");
  const stories = readdirSync(folder).filter((file) => file.endsWith(".js"));
  const story = (name: string): string => join(folder, `${name}.js`);
  const often = new Set(OFTEN.flat());
  const seldom = stories.map((file) => basename(file, ".js")).filter((name) => !often.has(name));
  return new Map([
    ...OFTEN.map(([first = "", ...alike]) => [first, [first, ...alike].map(story)] as const),
    ["others", seldom.map(story)],
    ["beginning", BEGINNING.map((file) => resolve(built, "src", file))],
    ["terms", modules.filter((path) => !path.startsWith(folder))],
    ["threads", threads],
    ...Object.entries(entries).map(([name, path]) => [`dray_${name}`, [path]] as const),
    // `dray --version` loads nothing but that.
    ["version", [resolve(built, "src/version.js")]],
  ]);
}

/** For each module the names of its readers. */
function namesOf(readers: Readers, context: ChunkingContext): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [reader, starts] of readers) {
    for (const id of reachedFrom(starts, context)) {
      const known = names.get(id);
      names.set(id, known === undefined ? reader : `${known}-${reader}`);
    }
  }
  return names;
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
