import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { commandsPage } from "./commands/page.ts";

/** Writes docs/commands.md; a test says when it is out of date. */
await writeFile(resolve(import.meta.dirname, "../../docs/commands.md"), await commandsPage());
