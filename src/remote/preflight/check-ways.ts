import { all } from "../../content/concurrency.ts";
import { DrayError, systemCode } from "../../errors.ts";
import type { NetworkAccess } from "../http/network-access.ts";
import { probeHost } from "../http/probe-host.ts";
import { Transport } from "../http/transport.ts";
import type { HostTable } from "./host-table.ts";

/** Up to here nobody minds; beyond the second, tokens and signatures are refused. */
const NOTED_SKEW = 60_000;
const FAILING_SKEW = 5 * 60_000;

interface Ways {
  readonly table: HostTable;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/** Goes the way to every host of the table, and compares clocks with it. */
export async function checkWays(
  table: HostTable,
  access: NetworkAccess,
  signal: AbortSignal,
): Promise<void> {
  const transport = new Transport({ ...access, contacts: undefined });
  try {
    await all(
      table.urls().map(async (url) => {
        const steps = await probeHost(url, access, signal);
        for (const { step, isGood, ...found } of steps) {
          table.note(url, { check: step, verdict: isGood ? "ok" : "failed", ...found });
        }
        if (steps.every(({ isGood }) => isGood))
          await checkClock(url, { table, transport, signal });
      }),
    );
  } finally {
    await transport.close();
  }
}

async function checkClock(url: URL, { table, transport, signal }: Ways): Promise<void> {
  const before = Date.now();
  const there = Date.parse((await dateAt(url, { table, transport, signal })) ?? "");
  if (Number.isNaN(there)) return;
  const now = Date.now();
  // The header has whole seconds, and the answer took its time.
  const skew = there + 1000 < before ? there + 1000 - before : Math.max(0, there - now);
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (Math.abs(skew) <= NOTED_SKEW) {
    const detail = seconds === 0 ? "agrees with this host's" : `differs by ${seconds} s`;
    return table.note(url, { check: "clock", verdict: "ok", detail });
  }
  table.note(url, {
    check: "clock",
    verdict: Math.abs(skew) > FAILING_SKEW ? "failed" : "note",
    detail: `this host is ${seconds} s ${skew < 0 ? "ahead" : "behind"}`,
    hint: "Set the clock of this host: tokens and signatures of other times are refused.",
  });
}

/** Whoever does not answer this is judged by what it is asked for. */
async function dateAt(url: URL, { transport, signal }: Ways): Promise<string | undefined> {
  try {
    const response = await transport.send(new URL("/", url), { method: "GET", signal });
    await response.discard();
    return response.header("date");
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DrayError || systemCode(error) !== undefined) return undefined;
    throw error;
  }
}
