import { spawnSync } from "node:child_process";
import process from "node:process";
import type { TestContext } from "vitest";

/** Skips a test, and says so, where a program that it needs is not there. */
export function needs(context: TestContext, program: string): void {
  const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
  if (error !== undefined) context.skip(`needs ${program}`);
}

/** Skips a test of programs that are scripts of a shell where the system does not run such. */
export function needsShell(context: TestContext): void {
  if (process.platform === "win32") context.skip("needs a shell");
}
