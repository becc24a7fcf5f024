import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { DOCUMENTS, writeAgain } from "./transcripts/write-again.ts";

/** Runs the sessions of the documents and writes what they printed; a test says when one is out of date. */
const dray = resolve(import.meta.dirname, "../cli/dray.js");
const pathOf = (name: string): string => resolve(import.meta.dirname, "../..", name);
for (const name of DOCUMENTS) {
  const text = await writeAgain(name, (other) => readFile(pathOf(other), "utf8"), dray);
  await writeFile(pathOf(name), text);
}
