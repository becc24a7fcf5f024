import { describe, expect, it } from "vitest";
import { dray } from "./terminal.ts";

/** The words that are offered, and what else the shell may do. */
async function offered(...words: string[]): Promise<{ words: string[]; directive: string }> {
  const { code, stdout, stderr } = await dray(["complete", "--", ...words]);
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.trimEnd().split("\n");
  return { directive: lines.pop() ?? "", words: lines.map((line) => line.split("\t")[0] ?? "") };
}

describe("completing a command line", () => {
  it.each([
    [["pa"], ["pack"]],
    [["--ver"], ["--version"]],
    [["-q", "veri"], ["verify"]],
    [
      ["push", "bundle.tar.gz", "--map", ""],
      ["drop-host", "keep-host", "flatten"],
    ],
    [["push", "bundle.tar.gz", "--map=fl"], ["flatten"]],
    [["completion", "p"], ["powershell"]],
    [["verify", "--requ"], ["--require"]],
    // Seldom needed, and offered all the same.
    [["verify", "--work"], ["--work-dir"]],
    [["pack", "--nothing-is-called-so"], []],
    // What only the scripts of shells call.
    [["compl"], ["completion"]],
  ])("%j offers %j", async (line, words) => {
    expect(await offered(...line)).toEqual({ words, directive: ":4" });
  });

  it.each([
    [["verify", ""]],
    [["verify", "bun"]],
    [["verify", "--key", ""]],
    [["verify", "--key", "a.pub", ""]],
    [["images", "first-chart", "second"]],
    [["pack", "--sign-key", "rel"]],
  ])("%j leaves the word to the shell, which knows the files", async (line) => {
    expect(await offered(...line)).toEqual({ words: [], directive: ":0" });
  });

  it.each([[["push", "bundle.tar.gz", ""]], [["login", ""]], [["login", "--username", ""]]])(
    "%j asks for what no file is named for",
    async (line) => {
      expect(await offered(...line)).toEqual({ words: [], directive: ":4" });
    },
  );

  it("has a meaning for every command", async () => {
    const { stdout } = await dray(["complete", "--", ""]);
    for (const line of stdout.trimEnd().split("\n").slice(0, -1)) {
      expect(line).toMatch(/^[a-z]+\t\S+ /);
    }
  });
});
