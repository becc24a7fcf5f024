import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart } from "../../fixtures/charts.ts";
import { wantedDependencies } from "../../src/chart/chart-lock.ts";

const REPOSITORY = "https://charts.example";

/** The line of a dependency, in a chart and in its lock. */
function line(name: string, version: string, repository = REPOSITORY): string {
  return `- { name: ${name}, version: "${version}", repository: "${repository}" }\n`;
}

describe("wantedDependencies()", () => {
  it("is what the chart does not hold, at the version that its lock pins", async () => {
    const chart = await makeChartOf({
      "Chart.yaml": chartYaml("demo", `dependencies:\n${line("web", "^1")}${line("db", "^2")}`),
      "Chart.lock": `dependencies:\n${line("web", "1.0.0")}${line("db", "2.10")}`,
      ...subchart("web", {}),
    });
    expect(wantedDependencies(chart)).toEqual([
      { name: "db", version: "2.10", repository: REPOSITORY },
    ]);
  });

  it("is read of a chart with apiVersion v1 from its own two files", async () => {
    const chart = await makeChartOf({
      "Chart.yaml": "apiVersion: v1\nname: demo\nversion: 1.0.0\n",
      "requirements.yaml": `dependencies:\n${line("web", "~1.2")}`,
      "requirements.lock": `dependencies:\n${line("web", "1.2.9")}`,
    });
    expect(wantedDependencies(chart)).toMatchObject([{ name: "web", version: "1.2.9" }]);
  });

  it("is the range where there is no lock, or one for something else", async () => {
    for (const lock of ["", `dependencies:\n${line("web", "1.0.0")}`, "dependencies:\n"]) {
      const chart = await makeChartOf({
        "Chart.yaml": chartYaml("demo", `dependencies:\n${line("web", "^2")}`),
        "Chart.lock": lock,
      });
      expect(wantedDependencies(chart)).toMatchObject([{ version: "^2" }]);
    }
  });

  it("of a chart with a lock that is none is refused", async () => {
    for (const lock of ["dependencies: 1\n", "[", "dependencies: [{}]\n"]) {
      const chart = await makeChartOf({
        "Chart.yaml": chartYaml("demo", `dependencies:\n${line("web", "1")}`),
        "Chart.lock": lock,
      });
      expect(() => wantedDependencies(chart)).toThrow(
        expect.objectContaining({ code: "DRAY_CHART_INVALID", kind: "refused" }),
      );
    }
  });
});
