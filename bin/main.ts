import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { getAsset, isSea } from "node:sea";
import { setFlagsFromString } from "node:v8";
import { VERSION } from "../src/version.ts";
import { keepCompiled } from "./compile-cache.ts";

// A run takes a second. The optimizing compiler of Node.js 20 spends as much again on functions that
// are as good as done; with this it waits for what is hot for longer. Later ones know by themselves. For
// the parser of HTTP, which is WebAssembly, it takes 40 MB and a tenth of a second, and wins nothing.
const isKnownEngine = process.versions.v8.startsWith("11.");
if (isKnownEngine) {
  setFlagsFromString("--interrupt-budget=1000000");
  setFlagsFromString("--liftoff-only");
}

const stop = new AbortController();
setMaxListeners(0, stop.signal);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // The first asks to clean up and end; who cannot wait asks again.
  process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
}

// A reader that went away (`dray inspect … | head`) is no failure of ours, and changes nothing of how
// the command ends: what was refused is refused, whoever listens.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  });
}

// The AWS SDK tells everybody whose Node.js it will not support next year. Which one dray supports is
// said in its own package.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

/** The build lays them beside the program, and inside the executable. */
function licenses(): string {
  return ["LICENSE", "THIRD-PARTY-NOTICES.txt"].map(textOf).join("\n");
}

function textOf(name: string): string {
  if (isSea()) return getAsset(name, "utf8");
  return readFileSync(new URL(name, import.meta.url), "utf8");
}

const argv = process.argv.slice(2);

/** So much passes that memory for it is worth more than the time of the collector. */
const MUCH_BYTES = 64 * 1024 * 1024;

// What passes through connections leaves young objects and buffers behind: where these have little room
// and are collected early, 10 to 30 MB less wait for it. Before it is known how much comes they get no
// more room, and then either that or all that they need: many small things take longer without.
if (isKnownEngine && ["pack", "push"].includes(argv[0] ?? "")) {
  setFlagsFromString("--semi-space-growth-factor=1");
}

function expectBytes(bytes: number): void {
  if (!isKnownEngine) return;
  if (bytes >= MUCH_BYTES) setFlagsFromString("--minor-gc-task-trigger=10");
  else setFlagsFromString("--semi-space-growth-factor=2");
}

/** Scripts ask for it often: the program need not be loaded for that. */
const isVersionWanted = argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V");

async function main(): Promise<number> {
  if (isVersionWanted) {
    process.stdout.write(`${VERSION}\n`);
    return 0;
  }
  if (!isSea()) keepCompiled(process.env);
  const { run } = await import("../src/cli/program.ts");
  return run(argv, VERSION, {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    licenses,
    expectBytes,
    signal: stop.signal,
  });
}

// An executable's files cannot wait on their top level.
void main().then((code) => (process.exitCode = code));
