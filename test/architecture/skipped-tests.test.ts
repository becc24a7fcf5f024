import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { NO_REASON } from "../skip-reporter.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Ways to skip a test without a word. */
const WORDLESS = /\b(?:it|test|describe)\.(?:skip|skipIf|runIf|todo|only)\b|\bskip\(\)/g;

/** Put together, so that whoever looks for skipped tests finds none here. */
const SKIPPED = ["it", "skip"].join(".");

const PLANTED = `
import { describe, it } from "vitest";
it("first", (context) => context.skip("needs a unicorn"));
describe("a group of them", () => it("second", (context) => context.skip("needs a unicorn")));
it("third", (context) => context.skip("needs wings"));
${SKIPPED}("fourth", () => {});
it("runs", () => {});
`;

/** Runs the project's own configuration over one file of tests; what it prints. */
async function run(tests: string, ...argv: readonly string[]): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "test"));
  await writeFile(join(directory, "test/planted.test.ts"), tests);
  await symlink(join(ROOT, "node_modules"), join(directory, "node_modules"));
  const program = join(ROOT, "node_modules/vitest/vitest.mjs");
  const config = join(ROOT, "vitest.config.ts");
  const args = [program, "run", "--root", directory, "--config", config, "--no-color", ...argv];
  return spawnSync(process.execPath, args, { encoding: "utf8" }).stdout;
}

describe("a skipped test", () => {
  it("is shown with its reason at the end of a run", async () => {
    const printed = await run(PLANTED);
    expect(printed).toContain(
      [
        " Skipped: needs a unicorn",
        "   test/planted.test.ts > first",
        "   test/planted.test.ts > a group of them > second",
        " Skipped: needs wings",
        "   test/planted.test.ts > third",
        ` Skipped: ${NO_REASON}`,
        "   test/planted.test.ts > fourth",
      ].join("\n"),
    );
  });

  it("is not shown where it was not asked for", async () => {
    expect(await run(PLANTED, "--testNamePattern", "runs")).not.toContain("Skipped:");
  });

  it("gives its reason: no file of tests has a way to skip without one", async () => {
    const found = await readdir(join(ROOT, "test"), { recursive: true });
    const files = found
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(ROOT, "test", name));
    const wordless: string[] = [];
    for (const file of files) {
      const text = await readFile(file, "utf8");
      for (const [match] of text.matchAll(WORDLESS)) wordless.push(`${file}: ${match}`);
    }
    expect(wordless, 'skip with context.skip("reason")').toEqual([]);
    expect(PLANTED.match(WORDLESS)).toEqual([SKIPPED]);
  });
});
