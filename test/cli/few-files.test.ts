import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { built } from "../built.ts";

/** Runs the built program with at most so many open files. */
function withFiles(
  most: number,
  argv: readonly string[],
): { status: number | null; stderr: string } {
  const command = `ulimit -n ${most} && exec "$@"`;
  const args = ["-c", command, "sh", process.execPath, built("cli/dray.js"), ...argv];
  const { status, stderr } = spawnSync("sh", args, { encoding: "utf8" });
  return { status, stderr };
}

describe("a process that may open few files", () => {
  it("verifies with 40 of them", async () => {
    const { path } = await makeBundle();
    const { status, stderr } = withFiles(40, ["verify", path, "--allow-unsigned"]);
    expect(stderr).not.toContain("EMFILE");
    expect(status).toBe(0);
  });

  it("works with fewer, or says what the limit is, once Node has loaded the program", async () => {
    const { path } = await makeBundle();
    for (let most = 20; most < 40; most += 2) {
      const { status, stderr } = withFiles(most, ["verify", path, "--allow-unsigned"]);
      const isUnloaded = /^node:internal|at .*esm\/load/m.test(stderr);
      const isSaid = stderr.includes("hint: Raise the limit: `ulimit -n 1024`.");
      expect([most, isUnloaded || isSaid || status === 0]).toEqual([most, true]);
      expect(stderr).not.toContain("mistake in dray");
    }
  });
});
