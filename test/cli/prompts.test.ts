import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { describe, expect, it, type TestContext } from "vitest";
import { makeBundle, sampleRecipe } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";
import { needs } from "../programs.ts";
import { dray } from "./terminal.ts";

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const SECRET = "correct horse";

/** What is typed when the terminal shows these words. */
type Keys = readonly (readonly [shown: string, typed: string])[];

interface Seen {
  /** All that the terminal showed. */
  readonly screen: string;
  readonly status: string;
  /** Whether it shows what is typed afterwards as it did before. */
  readonly isRestored: boolean;
}

/** Runs the built program in a terminal of its own and types. */
async function typing(context: TestContext, line: string, keys: Keys): Promise<Seen> {
  needs(context, "script");
  needs(context, "stty");
  const directory = await temporaryDirectory();
  const program = `${process.execPath} ${built("cli/dray.js")}`;
  const shell = `stty -a > before; ${program} ${line}; echo "status $?"; stty -a > after; cmp before after && echo restored`;
  const env = { PATH: process.env["PATH"], HOME: directory, TERM: "xterm", SHELL: "/bin/sh" };
  const terminal = spawn("script", ["-qec", shell, "/dev/null"], { cwd: directory, env });
  const left = [...keys];
  let unread = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    unread += chunk.toString();
    const [shown, typed] = left[0] ?? [];
    if (shown === undefined || !unread.includes(shown)) return;
    unread = "";
    left.shift();
    terminal.stdin.write(typed ?? "");
  });
  const screen = await text(terminal.stdout);
  terminal.stdin.end();
  return {
    screen,
    status: /status (\d+)/.exec(screen)?.[1] ?? "",
    isRestored: screen.includes("restored"),
  };
}

async function lockedKey(): Promise<{ key: string; bundle: string }> {
  const name = join(await temporaryDirectory(), "release");
  const made = await dray(["keygen", name], { env: { DRAY_KEY_PASSPHRASE: SECRET } });
  expect(made.code).toBe(0);
  return { key: `${name}.key`, bundle: (await makeBundle(sampleRecipe())).path };
}

describe.each([
  ["Ctrl-C", CTRL_C],
  ["Ctrl-D", CTRL_D],
  ["Ctrl-C in the middle of it", `sec${CTRL_C}`],
])("%s", (_what, keys) => {
  it("at the passphrase of a new key is an interrupt that makes no key", async (context) => {
    const { screen, status, isRestored } = await typing(context, "keygen release", [
      ["Passphrase for the new key: ", keys],
    ]);
    expect([status, isRestored]).toEqual(["130", true]);
    expect(screen).toContain("Interrupted: no passphrase was given, and nothing was done.");
    expect(screen).not.toMatch(/mistake in dray|at file:|sec\b/);
  });

  it("at the second of two, too", async (context) => {
    const { screen, status, isRestored } = await typing(context, "keygen release", [
      ["Passphrase for the new key: ", `${SECRET}\r`],
      ["the same again: ", keys],
    ]);
    expect([status, isRestored]).toEqual(["130", true]);
    expect(screen).not.toContain(SECRET);
  });

  it("at the passphrase of a key to sign with is one that signs nothing", async (context) => {
    const { key, bundle } = await lockedKey();
    const line = `sign ${bundle} --sign-key ${key}`;
    const { screen, status, isRestored } = await typing(context, line, [["Passphrase of ", keys]]);
    expect([status, isRestored]).toEqual(["130", true]);
    expect(screen).toContain("Interrupted");
  });

  it("at the password of a login is one that keeps nothing", async (context) => {
    const { screen, status, isRestored } = await typing(
      context,
      "login registry.test:5000 --username ada",
      [["Password", keys]],
    );
    expect([status, isRestored]).toEqual(["130", true]);
    expect(screen).toContain("Interrupted: no password was given, and nothing was done.");
  });
});

describe("a passphrase that is typed", () => {
  it("is not shown, and opens the key", async (context) => {
    const { screen, status, isRestored } = await typing(context, "keygen release", [
      ["Passphrase for the new key: ", `${SECRET}\r`],
      ["the same again: ", `${SECRET}\r`],
    ]);
    expect([status, isRestored]).toEqual(["0", true]);
    expect(screen).not.toContain(SECRET);
    const { key, bundle } = await lockedKey();
    const signed = await typing(context, `sign ${bundle} --sign-key ${key}`, [
      ["Passphrase of ", `${SECRET}\r`],
    ]);
    expect([signed.status, signed.isRestored]).toEqual(["0", true]);
    expect(signed.screen).not.toContain(SECRET);
  });
});
