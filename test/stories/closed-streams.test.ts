import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { makeBundle } from "../../fixtures/bundles.ts";
import { built } from "../built.ts";

/** The exit code of the built program, of which nobody reads one stream from the first moment. */
async function codeWithout(
  stream: "stdout" | "stderr",
  argv: readonly string[],
): Promise<number | null> {
  const child = spawn(process.execPath, [built("cli/dray.js"), ...argv], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closing = once(child, "close");
  child[stream].destroy();
  child[stream === "stdout" ? "stderr" : "stdout"].resume();
  const [code] = (await closing) as [number | null];
  return code;
}

describe.each(["stdout", "stderr"] as const)("whoever does not read %s", (stream) => {
  it("hears of a refusal by the exit code all the same", async () => {
    const { path } = await makeBundle();
    expect(await codeWithout(stream, ["verify", path])).toBe(3);
    expect(await codeWithout(stream, ["verify", path, "--json"])).toBe(3);
    expect(await codeWithout(stream, ["verify", `${path}.missing`])).toBe(2);
  });

  it("does not make a failure of what is good", async () => {
    const { path } = await makeBundle();
    expect(await codeWithout(stream, ["inspect", path, "--allow-unsigned"])).toBe(0);
    expect(await codeWithout(stream, ["--help"])).toBe(0);
  });
});
