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

  it("says with fewer what the limit is and how it is raised", async () => {
    const { path } = await makeBundle();
    const { status, stderr } = withFiles(22, ["verify", path, "--allow-unsigned"]);
    expect(status).toBe(1);
    expect(stderr).toContain("this process may not open more files (EMFILE)");
    expect(stderr).toContain("hint: Raise the limit: ulimit -n 1024.");
    expect(stderr).not.toContain("mistake in dray");
  });
});
