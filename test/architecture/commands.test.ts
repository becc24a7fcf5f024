import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ENVIRONMENT } from "../../scripts/commands/environment.ts";
import { manPage, pageName } from "../../scripts/commands/man-page.ts";
import { commandsPage } from "../../scripts/commands/page.ts";
import { describedProgram } from "../../scripts/commands/program.ts";
import { TEXTS } from "../../scripts/codes/texts.ts";
import { needs } from "../programs.ts";

const ROOT = join(import.meta.dirname, "../..");

describe("the reference of the command line", () => {
  it("is docs/commands.md as `npm run commands` writes it", async () => {
    expect(await readFile(join(ROOT, "docs/commands.md"), "utf8")).toBe(await commandsPage());
  });

  it("has every variable of the environment that is read, and no other", async () => {
    const documented = ENVIRONMENT.flatMap(([variables]) => variables);
    expect((await variablesRead()).toSorted()).toEqual(documented.toSorted());
  });
});

/** Signals, what systems say, and what gpg does. */
const NO_VARIABLES = new Set([
  "ENOENT",
  "FAILED",
  "GOODSIG",
  "PLAINTEXT",
  "SIGINT",
  "SIGKILL",
  "VALIDSIG",
]);

/** Words in capitals, in files that look into an environment, which are nothing else. */
async function variablesRead(): Promise<string[]> {
  const found = new Set<string>();
  const files = await readdir(join(ROOT, "src"), { recursive: true });
  for (const file of ["../bin/compile-cache.ts", ...files]) {
    if (!file.endsWith(".ts")) continue;
    const source = await readFile(join(ROOT, "src", file), "utf8");
    if (!/\benv\b|variables/.test(source)) continue;
    for (const word of literals(source)) {
      if (/^[A-Z][A-Z_]{3,}$/.test(word) && !isOther(word)) found.add(word);
    }
  }
  return [...found];
}

function isOther(word: string): boolean {
  return NO_VARIABLES.has(word) || word in TEXTS || word.replace(/^DRAY_/, "") in TEXTS;
}

function literals(source: string): string[] {
  const words: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) words.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest, true));
  return words;
}

const program = await describedProgram();

describe("manual pages", () => {
  const all = [program, ...program.createHelp().visibleCommands(program)];

  it.each(all.map((command) => [pageName(command), command] as const))(
    "%s(1) is what man takes, with every flag",
    (_name, command) => {
      const page = manPage(command);
      for (const { long } of command.options) {
        expect(page).toContain(long?.replaceAll("-", "\\-"));
      }
      // A line that begins with a dot or a quote is one of the macros that are used here.
      const requests = page.split("\n").filter((line) => /^[.']/.test(line));
      for (const line of requests) expect(line).toMatch(/^\.(TH|SH|TP|B|BR|EX|EE)( |$)/);
    },
  );

  it("are shown by groff without a warning", (context) => {
    needs(context, "groff");
    for (const command of all) {
      const { status, stderr } = spawnSync("groff", ["-k", "-man", "-Tutf8", "-ww"], {
        input: manPage(command),
        encoding: "utf8",
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });
});
