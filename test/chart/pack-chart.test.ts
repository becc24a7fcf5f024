import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { chartFileMap } from "../../fixtures/charts.ts";
import { readChartArchive } from "../../src/chart/chart-archive.ts";
import { packChart } from "../../src/chart/pack-chart.ts";

const FILES = chartFileMap({
  "values.yaml": "a: 1\n",
  "templates/app.yaml": "kind: ConfigMap\n",
  [`files/${"long".repeat(40)}/${"name".repeat(30)}`]: "x",
  "files/large": "x".repeat(200_000),
});
const OPTIONS = { name: "demo", mtime: new Date(0) };

describe("packChart()", () => {
  it("writes what can be read again", async () => {
    const { files, metadata } = await readChartArchive(await packChart(FILES, OPTIONS), "demo");
    expect(metadata.name).toBe("demo");
    expect(files).toEqual(FILES);
  });

  it("makes the same bytes of the same files in any order, Chart.yaml first", async () => {
    const packed = await packChart(FILES, OPTIONS);
    const again = await packChart(new Map([...FILES].toReversed()), OPTIONS);
    expect(again.equals(packed)).toBe(true);
    expect(gunzipSync(packed).toString("latin1", 0, 15)).toBe("demo/Chart.yaml");
  });
});
