import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadChartArchive } from "../../src/chart/load-chart.ts";
import { isNeeded } from "../../src/discover/discovery.ts";
import { systemCode } from "../../src/errors.ts";
import { repointOf } from "./repointing.ts";

/** Real charts, where the checkout has them beside it. */
const DIRECTORY = join(import.meta.dirname, "../../../shared/charts");

/** Images that no value was seen to move, and why. */
const LEFT: Readonly<Record<string, readonly string[]>> = {
  // A test hook of Grafana's, behind a switch that no values file names.
  "kube-prometheus-stack": ["docker.io/bats/bats:1.14.0"],
};

async function chartsIn(): Promise<string[]> {
  try {
    return (await readdir(DIRECTORY)).filter((name) => name.endsWith(".tgz"));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

const charts = await chartsIn();

describe("values for a real chart", () => {
  it("are looked for where there are some", (context) => {
    if (charts.length === 0) context.skip(`needs ${DIRECTORY}`);
    expect(charts.length).toBeGreaterThan(0);
  });

  it.each(charts)(
    "move its images, give its pods the secret, and none is idle: %s",
    async (name) => {
      const chart = await loadChartArchive(await readFile(join(DIRECTORY, name)), name);
      const found = await repointOf(chart, { pullSecret: "pull-here" });
      const left = found.images.filter(({ moved }) => !moved);
      expect(left.filter(isNeeded)).toEqual([]);
      expect(left.map(({ image }) => image)).toEqual(LEFT[chart.metadata.name] ?? []);
      expect(found.problems).toEqual([]);
      const idle = found.edits.filter(
        ({ moves, value }) => moves.length === 0 && typeof value !== "boolean",
      );
      expect(idle).toEqual([]);
      const lacking = found.workloads.filter(
        ({ hasSecret, onlyTests }) => !hasSecret && !onlyTests,
      );
      expect(lacking).toEqual([]);
    },
  );
});
