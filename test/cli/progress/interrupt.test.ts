import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import xterm from "@xterm/headless";
import { expect, it, type TestContext } from "vitest";
import { makeBundle, sampleRecipe } from "../../../fixtures/bundles.ts";
import { stallAnswerAfter, stayMute } from "../../../fixtures/faults.ts";
import { makeImage, makeLayer } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { built } from "../../built.ts";
import { needs } from "../../programs.ts";
import { fill, startRegistry } from "../../remote/registry/lab.ts";
import { blobBytesSent } from "../../stories/lab.ts";

const MIB = 1024 * 1024;
const CTRL_C = "\u0003";

interface Sitting {
  /** The lines that the terminal shows when the command has ended. */
  readonly screen: string[];
  readonly status: string;
}

/** Runs the built program in a terminal of its own, and presses Ctrl-C so often when it shows something. */
async function pressing(
  context: TestContext,
  line: string,
  { at, times = 1, cwd }: { at: RegExp; times?: number; cwd: string },
): Promise<Sitting> {
  needs(context, "script");
  needs(context, "stty");
  const program = `${process.execPath} ${built("cli/dray.js")}`;
  const shell = `trap : INT; stty rows 24 cols 100; ${program} ${line}; echo "status $?"`;
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", TERM: "xterm", SHELL: "/bin/sh" };
  const child = spawn("script", ["-qec", shell, "/dev/null"], { cwd, env });
  const terminal = new xterm.Terminal({ cols: 100, rows: 24, allowProposedApi: true });
  let seen = "";
  let isPressed = false;
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    terminal.write(chunk);
    if (isPressed || !at.test(seen)) return;
    isPressed = true;
    child.stdin.write(CTRL_C.repeat(times));
  });
  await new Promise((done) => child.once("close", done));
  child.stdin.end();
  await new Promise<void>((done) => terminal.write("", done));
  const lines: string[] = [];
  for (let row = 0; row < 24; row++) {
    lines.push(terminal.buffer.active.getLine(row)?.translateToString(true) ?? "");
  }
  terminal.dispose();
  const screen = lines.filter((text) => text !== "" && !text.startsWith("status "));
  return { screen, status: /^status (\d+)/m.exec(lines.join("\n"))?.[1] ?? "" };
}

/** A registry whose largest layer stops coming in its middle. */
async function stalling(): Promise<{ registry: TestRegistry; line: string }> {
  const registry = await startRegistry();
  await fill(registry, makeImage([makeLayer("large", 4 * MIB)]), "team/app:1");
  registry.inject({ method: "GET", path: /\/blobs\// }, stallAnswerAfter(2 * MIB));
  const line = `pack --image ${registry.host}/team/app:1 --unsigned -o out.tar.gz`;
  return { registry, line };
}

const KEPT =
  /^Interrupted\. What has come \(2\.0 MiB\) is kept in \S+out\.tar\.gz\.partial\. The same command goes on where this one stopped\.$/;

it.for([
  [1, KEPT],
  // The second may come before the first has had its say.
  [2, /^/],
] as const)(
  "pack that gets Ctrl-C %i times in the middle of a blob goes on there the next time",
  async ([times, said], context) => {
    const cwd = await temporaryDirectory();
    const { registry, line } = await stalling();
    const { screen, status } = await pressing(context, line, {
      at: /Packing 2\.0 MiB/,
      times,
      cwd,
    });
    expect(status).toBe("130");
    expect(screen.join("")).toMatch(said);
    registry.mend();
    registry.forget();
    const again = await pressing(context, line, { at: /never/, cwd });
    expect([again.status, existsSync(join(cwd, "out.tar.gz"))]).toEqual(["0", true]);
    expect(blobBytesSent(registry)).toBeLessThan(3 * MIB);
    expect(await readdir(cwd)).toEqual(["out.tar.gz", "out.tar.gz.sha256"]);
  },
);

it("push says what is at the registry", async (context) => {
  const cwd = await temporaryDirectory();
  const { path } = await makeBundle(sampleRecipe());
  const registry = await startRegistry();
  registry.inject({ method: "PUT", path: /\/manifests\// }, stayMute);
  const line = `push ${path} ${registry.host} --allow-unsigned`;
  const { screen, status } = await pressing(context, line, { at: /Pushing/, cwd });
  expect(status).toBe("130");
  expect(screen.join(" ")).toMatch(/Interrupted\. .*The same command (goes on where|begins anew)/);
});

it("serve says that it has stopped, and what stays", async (context) => {
  const cwd = await temporaryDirectory();
  const { screen, status } = await pressing(context, "serve --writable layout --port 0", {
    at: /Serving/,
    cwd,
  });
  expect(screen.at(-1)).toBe("Stopped. What was pushed stays in layout.");
  expect(status).toBe("130");
});
