import { basename, dirname, join } from "node:path";
import { getAsset } from "node:sea";
import { compileFunction } from "node:vm";
import * as threads from "node:worker_threads";

/**
 * The program as one executable. Its files are assets inside, by the names that they have in the build:
 * this finds for a file those that it asks for, also in threads of its own.
 */
const LOADER = "standalone.js";

/** There is no such folder. Files believe to be in it, and traces name them so. */
const FOLDER = join(dirname(process.execPath), "dray.inside");

interface Loaded {
  exports: unknown;
}

const loaded = new Map<string, Loaded>();

/** A thread that starts with a file from inside, as its URL says. */
class InnerWorker extends threads.Worker {
  constructor(file: URL, options: threads.WorkerOptions) {
    const entry = basename(file.pathname);
    super(getAsset(LOADER, "utf8"), { ...options, eval: true, argv: [entry] });
  }
}

const THREADS = { ...threads, Worker: InnerWorker };

function load(name: string): unknown {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module: Loaded = { exports: {} };
  loaded.set(name, module);
  const filename = join(FOLDER, name);
  const parameters = ["exports", "require", "module", "__filename", "__dirname"];
  const run: unknown = compileFunction(getAsset(name, "utf8"), parameters, { filename });
  if (typeof run === "function") run(module.exports, requireInside, module, filename, FOLDER);
  return module.exports;
}

/** Whatever is no file from inside comes with Node.js. */
function requireInside(id: string): unknown {
  if (id.startsWith("./")) return load(id.slice(2));
  return /^(node:)?worker_threads$/.test(id) ? THREADS : process.getBuiltinModule(id);
}

load(threads.isMainThread ? "main.js" : (process.argv.at(-1) ?? ""));
