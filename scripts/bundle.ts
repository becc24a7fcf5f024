import { chmod, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { rolldown } from "rolldown";
import { libraryByName, libraryModules } from "./bundle/library.ts";
import { thirdPartyNotices } from "./bundle/notices.ts";
import { partsByReader } from "./bundle/parts.ts";
import { requestsOfUndici } from "./bundle/undici.ts";
import { workerEntries } from "./bundle/workers.ts";

/**
 * Puts the program and the library, with all that they depend on, into a few files: they load twice
 * as fast as three hundred, and need no other package. The workers keep their names: whoever starts
 * one looks for it beside itself. The folder stands alone, wherever it is copied.
 */
const built = resolve(import.meta.dirname, "..");
const root = resolve(built, "..");
const output = resolve(built, "cli");

const library = libraryModules(built);
const threads = workerEntries(built);
const entries = {
  images: resolve(built, "src/discover/index.js"),
  oci: resolve(built, "src/oci/index.js"),
};

await rm(output, { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    dray: resolve(built, "bin/dray.js"),
    main: resolve(built, "bin/main.js"),
    index: resolve(built, "src/index.js"),
    ...entries,
    ...threads,
  },
  platform: "node",
  plugins: [libraryByName(built, library), requestsOfUndici()],
  // Entries are no parts, so they keep the exports that they have.
  preserveEntrySignatures: "allow-extension",
  // A command asks the library late for what stands in one file with it, and has to.
  checks: { ineffectiveDynamicImport: false },
});
const { output: chunks } = await bundle.write({
  dir: output,
  format: "esm",
  chunkFileNames: "[name]-[hash].js",
  // Who reads the program reads its sources; a sixth of what is loaded would be comments.
  comments: { jsdoc: false },
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      partsByReader(built, {
        modules: [...library.values()],
        threads: Object.values(threads),
        entries,
      }),
    ],
  },
});
await bundle.close();
await chmod(resolve(output, "dray.js"), 0o755);

const modules = chunks.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
await writeFile(resolve(output, "THIRD-PARTY-NOTICES.txt"), await thirdPartyNotices(modules));
await copyFile(resolve(root, "LICENSE"), resolve(output, "LICENSE"));

const { name, version, license, type, engines } = JSON.parse(
  await readFile(resolve(root, "package.json"), "utf8"),
) as Readonly<Record<string, unknown>>;
const manifest = { name, version, license, private: true, type, engines };
await writeFile(resolve(output, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
