import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { built } from "../built.ts";

export interface DrayProcess {
  readonly child: ChildProcess;
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<DrayOutcome>;
}

export interface DrayOutcome {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built program with nothing of this machine in its environment. */
export function startDray(argv: readonly string[], env: Record<string, string> = {}): DrayProcess {
  const child = spawn(process.execPath, [built("cli/dray.js"), ...argv], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<DrayOutcome>((resolve, reject) => {
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      output.then(([stdout, stderr]) => resolve({ code, signal, stdout, stderr }), reject);
    });
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, ended };
}
