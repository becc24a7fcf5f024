import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { systemCode } from "../errors.ts";

/** Whether the process of a name still runs: `unknown` where this system, or this host, cannot tell. */
export type Life = "alive" | "dead" | "unknown";

interface Named {
  /** Where its number counts. */
  readonly space: string;
  readonly pid: string;
  /** Numbers are given again: with the moment of its start one means one process. */
  readonly started: string;
}

/** A name for this process that no other one has; undefined where the system gives none. */
export async function ownerName(): Promise<string | undefined> {
  const self = await identify("self");
  return self && `${self.pid} ${self.started} ${self.space}`;
}

/** The number of this process; 0 where this system gives none. */
export async function ownNumber(): Promise<number> {
  return Number((await identify("self"))?.pid ?? 0);
}

/** False where no process has this number; where this system cannot tell, one may. */
export async function mayRun(pid: number): Promise<boolean> {
  const self = await identify("self");
  return self === undefined || (await identify(String(pid))) !== undefined;
}

/** Whether the process that `ownerName` named so is alive. */
export async function lifeOf(name: string): Promise<Life> {
  const [pid = "", started = "", ...space] = name.split(" ");
  const self = await identify("self");
  if (self === undefined || self.space !== space.join(" ")) return "unknown";
  if (!/^\d+$/.test(pid)) return "unknown";
  const found = await identify(pid);
  return found?.started === started ? "alive" : "dead";
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function identify(process: string): Promise<Named | undefined> {
  try {
    const stat = await readFile(`/proc/${process}/stat`, "latin1");
    // The second field, a name in parentheses, may hold anything.
    const [pid = ""] = stat.split(" ", 1);
    const behind = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const started = behind[19] ?? "";
    const namespace = await readlink("/proc/self/ns/pid");
    return { pid, started, space: `${namespace} ${hostname()}` };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
