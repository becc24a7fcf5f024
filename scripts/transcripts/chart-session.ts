import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { SHOP } from "./shop-chart.ts";
import type { Session, Workplace } from "./session.ts";

/** Somebody at a terminal with the chart of docs/charts.md, who asks nobody outside. */
export async function startChartSession({ work, dray }: Workplace): Promise<Session> {
  for (const [name, content] of Object.entries(SHOP)) {
    await mkdir(dirname(join(work, name)), { recursive: true });
    await writeFile(join(work, name), content);
  }
  let status = 0;
  return {
    run: async (line) => {
      if (line === "echo $?") return `${status}\n`;
      const [, ...args] = line.split(/\s+/);
      const ended = await new Promise<Ended>((resolve) => {
        const options = { cwd: work, env: { PATH: process.env["PATH"], HOME: work } };
        const child = execFile(process.execPath, [dray, ...args], options, (_error, ...texts) => {
          resolve({ status: child.exitCode ?? 1, texts });
        });
      });
      status = ended.status;
      // As a terminal shows both: warnings, an empty line, the report.
      return ended.texts
        .filter((text) => text !== "")
        .toReversed()
        .join("\n");
    },
    close: async () => undefined,
  };
}

interface Ended {
  readonly status: number;
  /** Standard output, then standard error. */
  readonly texts: readonly string[];
}
