import { resolve } from "node:path";
import { rolldown } from "rolldown";
import { workerEntries } from "../bundle/workers.ts";

const BUILT = resolve(import.meta.dirname, "../..");

/** What the program consists of as one executable, in a folder of files that it finds by name. */
export interface Inside {
  readonly directory: string;
  /** Names of the files. */
  readonly files: readonly string[];
  /** That which runs first and finds the others. */
  readonly loader: string;
}

/** An executable has room for one script; that finds the others, which are loaded when they are needed. */
export async function bundleInside(directory: string): Promise<Inside> {
  const program = { main: resolve(BUILT, "bin/main.js"), ...workerEntries(BUILT) };
  const files = [
    ...(await write(program, directory)),
    ...(await write({ standalone: resolve(BUILT, "bin/standalone.js") }, directory)),
  ];
  return { directory, files, loader: "standalone.js" };
}

async function write(input: Readonly<Record<string, string>>, dir: string): Promise<string[]> {
  const bundle = await rolldown({ input, platform: "node" });
  const { output } = await bundle.write({
    dir,
    format: "cjs",
    dynamicImportInCjs: false,
    chunkFileNames: "[name]-[hash].js",
  });
  await bundle.close();
  return output.map(({ fileName }) => fileName);
}
