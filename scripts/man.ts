import { mkdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { manPage, pageName } from "./commands/man-page.ts";
import { describedProgram } from "./commands/program.ts";

/** Writes a manual page for the program and each of its commands, which npm installs with it. */
const directory = resolve(import.meta.dirname, "../man");
await rm(directory, { recursive: true, force: true });
await mkdir(directory, { recursive: true });
const program = await describedProgram();
for (const command of [program, ...program.createHelp().visibleCommands(program)]) {
  await writeFile(resolve(directory, `${pageName(command)}.1`), manPage(command));
}
