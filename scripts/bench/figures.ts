import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { formatBytes } from "../../src/cli/table.ts";
import { markdownTable } from "../markdown-table.ts";
import { COLUMNS, type Comparison } from "./comparison.ts";
import { plot, type PlotPoint } from "./plot.ts";
import type { Results } from "./results.ts";
import type { TlsCost } from "./tls.ts";

interface Figures extends Results {
  /** When, where and with what. */
  readonly head: string;
  /** What starting costs. */
  readonly version: string;
}

const DOCS = resolve(import.meta.dirname, "../../../docs");

/** Less than this has no place on an axis of gibibytes. */
const LARGE = 1024 ** 3 / 2;

const PLOTTED: ReadonlyMap<string, string> = new Map([
  ["pack", "pack"],
  ["verify", "verify"],
  ["push to docker-registry", "push"],
  ["push again", "push again"],
]);

export const TLS_COLUMNS: readonly string[] = [
  "journey",
  "program",
  "requests",
  "connections",
  "seconds",
  "CPU seconds",
  "peak RSS",
];

export function tlsRows(tls: readonly TlsCost[]): string[][] {
  return tls.map(({ journey, program, cost, connections, requests }) => [
    journey,
    program,
    String(requests),
    String(connections),
    cost.seconds.toFixed(2),
    cost.cpu.toFixed(2),
    formatBytes(cost.peakRss),
  ]);
}

/** Puts figures between two comments of docs/performance.md, and a plot of them beside it. */
export async function writeFigures({ head, comparisons, tls, version }: Figures): Promise<void> {
  const rows = comparisons.flatMap((one) => one.rows());
  const parts = [head, markdownTable(COLUMNS, rows)];
  if (tls.length > 0) parts.push(markdownTable(TLS_COLUMNS, tlsRows(tls)));
  parts.push(version, "![Seconds and memory by images and by size](performance.svg)");
  const document = resolve(DOCS, "performance.md");
  const before = await readFile(document, "utf8");
  const after = before.replace(
    /(<!-- figures -->\n)[\s\S]*(\n<!-- end of figures -->)/,
    (_all, first: string, last: string) => `${first}\n${parts.join("\n\n")}\n${last}`,
  );
  await writeFile(document, after);
  await writeFile(resolve(DOCS, "performance.svg"), plotOf(comparisons));
}

function plotOf(comparisons: readonly Comparison[]): string {
  const points = (isLarge: boolean): PlotPoint[] =>
    comparisons.flatMap((one) => {
      const journey = PLOTTED.get(one.journey);
      const cost = one.of("dray");
      const { bytes, count } = one.load;
      if (journey === undefined || cost === undefined || bytes >= LARGE !== isLarge) return [];
      return [{ journey, cost, x: isLarge ? bytes : count }];
    });
  const [images, sizes] = [points(false), points(true)];
  return plot(
    [
      { axis: "images of three small layers", format: String, points: images },
      { axis: "bytes in four images", format: (x: number) => formatBytes(x), points: sizes },
    ].filter((panel) => panel.points.length > 0),
  );
}
