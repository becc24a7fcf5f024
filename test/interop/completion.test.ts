import { execFileSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { beforeEach, describe, expect, it, type TestContext } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";
import { needs, needsShell } from "../programs.ts";

/** Where `dray`, its scripts and a file lie. */
let folder: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  const program = `#!/bin/sh\nexec "${process.execPath}" "${built("cli/dray.js")}" "$@"\n`;
  await writeFile(join(folder, "dray"), program);
  await chmod(join(folder, "dray"), 0o755);
  await writeFile(join(folder, "carried.tar.gz"), "");
});

function inFolder(program: string, args: readonly string[]): string {
  const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, HOME: folder, TERM: "dumb" };
  return execFileSync(program, args, { cwd: folder, env, encoding: "utf8" });
}

/** Writes the script for a shell and skips the test where that shell is not there. */
async function scriptFor(context: TestContext, shell: string): Promise<void> {
  needsShell(context);
  needs(context, shell);
  const script = execFileSync(process.execPath, [built("cli/dray.js"), "completion", shell]);
  await writeFile(join(folder, "script"), script);
}

const BASH_COMPLETION = "/usr/share/bash-completion/bash_completion";

describe("completion in a real shell", () => {
  it.for([
    ["dray pac", "pack"],
    ["dray push --map fl", "flatten"],
    ["dray verify car", "carried.tar.gz"],
  ] as const)("bash completes `%s` to %s", async ([line, word], context) => {
    await scriptFor(context, "bash");
    if (!existsSync(BASH_COMPLETION)) context.skip("needs bash-completion");
    const said = inFolder("bash", ["--norc", "-c", bashLine(line)]);
    // Where dray offers no word bash is left to offer files.
    expect(said.trim()).toBe(word === "carried.tar.gz" ? "" : word);
  });

  it.for([
    ["dray pac", "pack\tgather"],
    ["dray push --map fl", "flatten"],
    ["dray verify car", "carried.tar.gz"],
  ] as const)("fish completes `%s` to %s", async ([line, word], context) => {
    await scriptFor(context, "fish");
    const said = inFolder("fish", ["-c", `source script; complete -C"${line}"`]);
    expect(said).toMatch(new RegExp(`^${word}`));
    expect(said.trim().split("\n")).toHaveLength(1);
  });

  it.for([
    ["dray pac", "dray pack "],
    ["dray push --map fl", "dray push --map flatten "],
    ["dray verify car", "dray verify carried.tar.gz "],
  ] as const)("zsh completes `%s` to `%s`", async ([line, whole], context) => {
    await scriptFor(context, "zsh");
    await writeFile(join(folder, "typist"), zshTypist(line, whole));
    expect(inFolder("zsh", ["-f", "typist"])).toContain(whole);
  });
});

/** What bash does when Tab is pressed at the end of the line. */
function bashLine(line: string): string {
  const words = line.split(" ");
  return [
    `source ${BASH_COMPLETION}`,
    "source script",
    "compopt() { :; }",
    `COMP_LINE="${line}" COMP_POINT=${line.length}`,
    `COMP_WORDS=(${words.join(" ")}) COMP_CWORD=${words.length - 1}`,
    "__dray_complete",
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ].join("\n");
}

/** Sits before a zsh, types the line and Tab, and waits until the whole is there. */
function zshTypist(line: string, whole: string): string {
  return [
    "zmodload zsh/zpty",
    "zpty shell 'zsh -f -i'",
    `zpty -w shell "autoload -U compinit; compinit -D -u; source ./script; print -r loa''ded"`,
    "zpty -r -m shell said '*loaded*'",
    `zpty -w -n shell $'${line}\\t'`,
    `zpty -r -m shell said '*${whole}*'`,
    'print -r -- "$said"',
  ].join("\n");
}
