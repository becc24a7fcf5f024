import { spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** What one run of a program cost, with all that it started and waited for. */
export interface Cost {
  readonly seconds: number;
  /** Of processors, of the program and of the system for it, in seconds. */
  readonly cpu: number;
  /** Largest resident set of one process, in bytes. */
  readonly peakRss: number;
  /** Bytes that were written to files. */
  readonly written: number;
  /** Processes that wanted a processor in the minute before. */
  readonly load: number;
}

/** Runs a program to its end, which has to be with `exitCode`, and has GNU time measure it from outside. */
export async function measure(
  command: readonly string[],
  { exitCode = 0, env = {} }: { exitCode?: number; env?: Readonly<Record<string, string>> } = {},
): Promise<Cost> {
  const [load = Number.NaN] = loadavg();
  const report = join(tmpdir(), `dray-bench-time-${process.pid}`);
  const child = spawn("time", ["-q", "-f", "%e %U %S %M %O", "-o", report, ...command], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== exitCode) throw new Error(`${command.join(" ")} ended with ${code}:\n${errors}`);
  const figures = (await readFile(report, "utf8")).trim().split(" ").map(Number);
  await rm(report);
  const [seconds = 0, user = 0, system = 0, kilobytes = 0, blocks = 0] = figures;
  return { seconds, cpu: user + system, peakRss: kilobytes * 1024, written: blocks * 512, load };
}

/**
 * One after another, as if they were one program: GNU time tells hundredths of a second, and a small
 * thing by itself would count as nothing.
 */
export async function measureAll(
  commands: readonly (readonly string[])[],
  options: { env?: Readonly<Record<string, string>> } = {},
): Promise<Cost> {
  const script = join(tmpdir(), `dray-bench-commands-${process.pid}`);
  const lines = commands.map((command) => command.map(quoted).join(" "));
  await writeFile(script, `set -e\n${lines.join("\n")}\n`);
  try {
    return await measure(["sh", script], options);
  } finally {
    await rm(script);
  }
}

/** One word of a POSIX shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Least, median and most. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

/** The medians, with the largest memory of all. */
export function summary(costs: readonly Cost[]): Cost {
  return {
    seconds: spreadOf(costs.map(({ seconds }) => seconds)).median,
    cpu: spreadOf(costs.map(({ cpu }) => cpu)).median,
    peakRss: Math.max(...costs.map(({ peakRss }) => peakRss)),
    written: spreadOf(costs.map(({ written }) => written)).median,
    load: spreadOf(costs.map(({ load }) => load)).median,
  };
}
