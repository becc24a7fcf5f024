import { describe, expect, it } from "vitest";
import { dray } from "./terminal.ts";

/** Whether a refusal has colored words, at a terminal if `typed` says that there is one. */
async function isColored(
  env: Record<string, string>,
  { typed, flags = [] }: { readonly typed?: string; readonly flags?: readonly string[] },
): Promise<boolean> {
  const { code, stdout, stderr } = await dray(["verify", "/nonexistent", ...flags], { env, typed });
  expect([code, stdout]).toEqual([2, expect.not.stringContaining("\u001b")]);
  const isRed = stderr.includes("\u001b[31mdray:\u001b[39m Cannot ");
  expect(stderr.includes("\u001b[3")).toBe(isRed);
  return isRed;
}

const AT_TERMINAL = { typed: "" };

describe("words have colors", () => {
  it.each([
    [{ TERM: "xterm" }, true],
    [{ WINDIR: "C:\\\\WINDOWS" }, true],
    [{ TERM: "xterm", NO_COLOR: "" }, true],
    [{ TERM: "xterm", NO_COLOR: "1" }, false],
    [{ TERM: "xterm", CLICOLOR: "0" }, false],
    [{ TERM: "xterm", FORCE_COLOR: "0" }, false],
    [{ TERM: "dumb" }, false],
    [{}, false],
  ])("at a terminal with %j: %s", async (env, wanted) => {
    expect(await isColored(env, AT_TERMINAL)).toBe(wanted);
    const never = { ...AT_TERMINAL, flags: ["--color", "never"] };
    expect(await isColored(env, never)).toBe(false);
  });

  it.each([
    [{ TERM: "xterm" }, false],
    [{ FORCE_COLOR: "1" }, true],
    [{ CLICOLOR_FORCE: "1" }, true],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false],
  ])("elsewhere with %j: %s", async (env, wanted) => {
    expect(await isColored(env, {})).toBe(wanted);
    expect(await isColored(env, { flags: ["--color=always"] })).toBe(true);
  });

  it("or as one of three wishes says", async () => {
    const { code, stderr } = await dray(["verify", "x", "--color", "sometimes"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("auto, always, never")]);
  });
});
