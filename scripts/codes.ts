import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { codesPage } from "./codes/page.ts";

/** Writes docs/codes.md; a test says when it is out of date. */
await writeFile(resolve(import.meta.dirname, "../../docs/codes.md"), codesPage());
