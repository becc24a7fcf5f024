import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DOCUMENTS, writeAgain } from "./transcripts/write-again.ts";

/** Runs the sessions of the documents and writes what they printed; a test says when one is out of date. */
const dray = resolve(import.meta.dirname, "../cli/dray.js");
for (const name of DOCUMENTS) {
  const path = resolve(import.meta.dirname, "../..", name);
  await writeFile(path, await writeAgain(name, await readFile(path, "utf8"), dray));
}
