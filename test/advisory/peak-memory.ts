import { existsSync } from "node:fs";
import type { TestContext } from "vitest";
import { startDray, type DrayOutcome } from "../stories/dray-process.ts";

/** Where Linux says what a process is and was. */
const STATUS = "/proc/self/status";

const TELL = `
import { readFileSync } from "node:fs";
process.on("exit", () => console.error(/VmHWM.*/.exec(readFileSync("${STATUS}", "utf8"))[0]));
`;

/** Runs the built program; `bytes` is the most memory that it had at any moment. */
export async function peakMemory(
  context: TestContext,
  argv: readonly string[],
): Promise<DrayOutcome & { readonly bytes: number }> {
  if (!existsSync(STATUS)) context.skip(`needs ${STATUS}`);
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(TELL)}`;
  const outcome = await startDray(argv, { NODE_OPTIONS }).ended;
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(outcome.stderr) ?? [];
  return { ...outcome, bytes: Number(kilobytes) * 1024 };
}
