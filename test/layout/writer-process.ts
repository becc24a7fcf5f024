import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once as happened } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { built } from "../built.ts";
import { MIB } from "./blobs.ts";

const PROGRAM = fileURLToPath(new URL("write-blobs.mjs", import.meta.url));

/** A process that writes a blob for each seed, until it is done, killed, or at byte `stop`. */
export function startWriter(
  directory: string,
  { size = MIB, stop = size, seeds }: { size?: number; stop?: number; seeds: readonly string[] },
): ChildProcessWithoutNullStreams {
  const module = built("src/layout/layout.js");
  const numbers = [String(size), String(stop)];
  const child = spawn(process.execPath, [PROGRAM, module, directory, ...numbers, ...seeds]);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** What it had to complain about. */
export async function finished(child: ChildProcessWithoutNullStreams): Promise<string> {
  let errors = "";
  child.stderr.on("data", (text) => (errors += String(text)));
  child.stdout.resume();
  await happened(child, "close");
  return errors;
}
