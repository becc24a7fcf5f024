import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { writeAgain } from "./transcripts/write-again.ts";

/** Runs the session of README.md and writes what it printed; a test says when it is out of date. */
const path = resolve(import.meta.dirname, "../../README.md");
const dray = resolve(import.meta.dirname, "../cli/dray.js");
await writeFile(path, await writeAgain(await readFile(path, "utf8"), dray));
