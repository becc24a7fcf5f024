import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { built } from "../built.ts";

interface Answer {
  readonly status: number | null;
  readonly stderr: string;
}

/** Runs Node.js with at most so many open files. */
function withFiles(most: number, argv: readonly string[]): Answer {
  const command = `ulimit -n ${most} && exec "$@"`;
  const args = ["-c", command, "sh", process.execPath, ...argv];
  const { status, stderr } = spawnSync("sh", args, { encoding: "utf8" });
  return { status, stderr };
}

function verify(path: string, most: number): Answer {
  return withFiles(most, [built("cli/dray.js"), "verify", path, "--allow-unsigned"]);
}

/** The fewest with which Node.js itself begins: with less it dies without a word. */
function fewest(): number {
  let most = 18;
  while (withFiles(most, ["--eval", "0"]).status !== 0) most++;
  return most;
}

describe("a process that may open few files", () => {
  it("verifies with 40 of them", async () => {
    const { path } = await makeBundle();
    const { status, stderr } = verify(path, 40);
    expect(stderr).not.toContain("EMFILE");
    expect(status).toBe(0);
  });

  it("works with fewer, or says what the limit is, once Node has loaded the program", async () => {
    const { path } = await makeBundle();
    for (let most = fewest(); most < 40; most += 2) {
      const { status, stderr } = verify(path, most);
      const isUnloaded = /^node:(?:internal|fs)|at .*esm\/load/m.test(stderr);
      const isSaid = stderr.includes("hint: Raise the limit: `ulimit -n 1024`.");
      expect([most, isUnloaded || isSaid || status === 0]).toEqual([most, true]);
      expect(stderr).not.toContain("mistake in dray");
    }
  });
});
