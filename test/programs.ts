import { spawnSync } from "node:child_process";
import type { TestContext } from "vitest";

/** Skips a test, and says so, where a program that it needs is not there. */
export function needs(context: TestContext, program: string): void {
  const { error } = spawnSync(program, ["--version"], { stdio: "ignore" });
  if (error !== undefined) context.skip(`needs ${program}`);
}
