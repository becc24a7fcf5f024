import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { packedChart } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { built } from "../built.ts";

/** Switches enough to keep a slow machine busy, and more of them than are tried. */
const SWITCHES = Array.from({ length: 420 }, (_item, index) => `f${index}`);

const chart = packedChart({
  "values.yaml": SWITCHES.map((name) => `${name}: {enabled: false}\n`).join(""),
  "templates/_h.tpl":
    '{{ define "work" }}{{ range until 5 }}{{ sha256sum (print .) }}{{ end }}{{ end }}',
  ...Object.fromEntries(
    SWITCHES.map((name) => [
      `templates/${name}.yaml`,
      `{{ if .Values.${name}.enabled }}\nkind: Pod\nmetadata: {name: ${name}, annotations: {a: {{ include "work" . }}}}\nspec: {containers: [{name: a, image: "x/${name}:1"}]}\n{{ end }}`,
    ]),
  ),
});

/** In which every look at a clock is a day after the one before. */
const LEAPING_CLOCK = `
  let days = 0;
  const DAY = 86400000;
  const now = Date.now;
  performance.now = () => days++ * DAY;
  Date.now = () => now() + days++ * DAY;
`;

interface Started {
  readonly answer: Promise<string>;
  readonly isRunning: () => boolean;
  readonly signal: (name: NodeJS.Signals) => void;
}

let path = "";

beforeEach(async () => {
  path = join(await temporaryDirectory(), "demo-1.0.0.tgz");
  await writeFile(path, chart);
});

function start(...nodeFlags: readonly string[]): Started {
  const argv = [...nodeFlags, built("cli/dray.js"), "images", path, "--json", "--no-helm"];
  const child = spawn(process.execPath, argv, {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return {
    answer: text(child.stdout),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    signal: (name) => void child.kill(name),
  };
}

describe("the images of a chart are the same bytes", () => {
  it("when the program is stopped again and again", async () => {
    const plain = await start().answer;
    expect(plain).toContain('"docker.io/x/f399:1"');
    const { answer, isRunning, signal } = start();
    while (isRunning()) {
      signal("SIGSTOP");
      await setTimeout(40);
      signal("SIGCONT");
      await setTimeout(10);
    }
    expect(await answer).toBe(plain);
  });

  it("when the clock leaps", async () => {
    const preload = `data:text/javascript,${encodeURIComponent(LEAPING_CLOCK)}`;
    expect(await start("--import", preload).answer).toBe(await start().answer);
  });

  it("when templates are evaluated many times slower", async () => {
    expect(await start("--jitless").answer).toBe(await start().answer);
  });
});
