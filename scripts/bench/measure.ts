import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

/** What one run of a program cost. */
export interface Cost {
  readonly seconds: number;
  /** Largest resident set, in bytes. */
  readonly peakRss: number;
  /** Bytes that the program had written to files and sockets of its own accord. */
  readonly written: number;
}

/** Asks the kernel often enough to see the last state of a short program. */
const POLL_MS = 20;

/** Runs a program to its end, which has to be with `exitCode`, and measures it from outside. */
export async function measure(
  command: readonly string[],
  { exitCode = 0 }: { exitCode?: number } = {},
): Promise<Cost> {
  const [program = "", ...args] = command;
  const started = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const seen = { peakRss: 0, written: 0 };
  const poll = setInterval(() => void look(child.pid ?? 0, seen), POLL_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(poll);
  const seconds = (performance.now() - started) / 1000;
  if (code !== exitCode) throw new Error(`${command.join(" ")} ended with ${code}:\n${errors}`);
  return { seconds, ...seen };
}

async function look(pid: number, seen: { peakRss: number; written: number }): Promise<void> {
  try {
    const [status, io] = await Promise.all([
      readFile(`/proc/${pid}/status`, "utf8"),
      readFile(`/proc/${pid}/io`, "utf8"),
    ]);
    const rss = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    const written = Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0);
    seen.peakRss = Math.max(seen.peakRss, rss);
    seen.written = Math.max(seen.written, written);
  } catch {
    // The program has ended between two looks; what was seen last is what there is.
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The run whose time is the median, with the largest memory of all. */
export function summary(costs: readonly Cost[]): Cost {
  return {
    seconds: median(costs.map(({ seconds }) => seconds)),
    peakRss: Math.max(...costs.map(({ peakRss }) => peakRss)),
    written: median(costs.map(({ written }) => written)),
  };
}
