import type { Cost } from "./measure.ts";

/** What one journey of dray cost with so many images, or so many bytes. */
export interface PlotPoint {
  readonly journey: string;
  /** Where it stands on the axis. */
  readonly x: number;
  readonly cost: Cost;
}

interface PlotPanel {
  /** What the axis to the right counts. */
  readonly axis: string;
  readonly format: (x: number) => string;
  readonly points: readonly PlotPoint[];
}

const WIDTH = 400;
const HEIGHT = 230;
const MARGIN = { left: 52, right: 84, top: 30, bottom: 38 };
const COLORS = ["#0b6e99", "#b3541e", "#5a7d2a", "#7a4a9e"];

interface Measure {
  readonly title: string;
  readonly of: (cost: Cost) => number;
  readonly isLogarithmic: boolean;
}

const MEASURES: readonly Measure[] = [
  { title: "seconds", of: ({ seconds }) => seconds, isLogarithmic: true },
  { title: "peak RSS, MiB", of: ({ peakRss }) => peakRss / 1024 ** 2, isLogarithmic: false },
];

/** A row of charts for seconds and one for memory, a column for each panel, as SVG. */
export function plot(panels: readonly PlotPanel[]): string {
  const charts = MEASURES.flatMap((measure, row) =>
    panels.map((panel, column) => {
      const at = `translate(${column * WIDTH} ${row * HEIGHT})`;
      return `<g transform="${at}">\n${chart(panel, measure).join("\n")}\n</g>`;
    }),
  );
  const [width, height] = [panels.length * WIDTH, MEASURES.length * HEIGHT];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">
<title>Seconds and memory of dray, by images and by size</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${charts.join("\n")}
</svg>
`;
}

function chart({ axis, format, points }: PlotPanel, measure: Measure): string[] {
  const xs = [...new Set(points.map(({ x }) => x))].toSorted((a, b) => a - b);
  const values = points.map(({ cost }) => measure.of(cost));
  const ticks = ticksFor(values, measure.isLogarithmic);
  const scaleX = scale(xs, [MARGIN.left + 10, WIDTH - MARGIN.right], true);
  const scaleY = scale(ticks, [HEIGHT - MARGIN.bottom, MARGIN.top], measure.isLogarithmic);
  const right = WIDTH - MARGIN.right + 8;
  const grid = ticks.map((tick) => {
    const y = scaleY(tick).toFixed(1);
    return `<line x1="${MARGIN.left}" x2="${right}" y1="${y}" y2="${y}" stroke="#ddd"/><text x="${MARGIN.left - 6}" y="${y}" dy="4" text-anchor="end">${tick}</text>`;
  });
  const names = xs.map(
    (x) =>
      `<text x="${scaleX(x).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 17}" text-anchor="middle">${format(x)}</text>`,
  );
  return [
    `<text x="${MARGIN.left}" y="18" font-weight="bold">${measure.title}, by ${axis}</text>`,
    ...grid,
    ...names,
    ...lines(points, { x: scaleX, y: (cost) => scaleY(measure.of(cost)) }),
  ];
}

interface Scales {
  readonly x: (x: number) => number;
  readonly y: (cost: Cost) => number;
}

/** One line for each journey, with its name where it ends; names keep a line's height apart. */
function lines(points: readonly PlotPoint[], { x, y }: Scales): string[] {
  const journeys = [...new Set(points.map(({ journey }) => journey))];
  const ends: { y: number; text: string }[] = [];
  const drawn = journeys.map((journey, index) => {
    const color = COLORS[index % COLORS.length] ?? "#333";
    const own = points.filter((point) => point.journey === journey).toSorted((a, b) => a.x - b.x);
    const places = own.map((point) => [x(point.x).toFixed(1), y(point.cost).toFixed(1)] as const);
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`);
    const [endX = "0", endY = "0"] = places.at(-1) ?? [];
    const label = `x="${Number(endX) + 8}" fill="${color}">${journey}</text>`;
    ends.push({ y: Number(endY), text: label });
    const path = places.map((place) => place.join(" ")).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join("")}`;
  });
  let below = -Infinity;
  const labels = ends
    .toSorted((a, b) => a.y - b.y)
    .map((end) => {
      below = Math.max(end.y, below + 14);
      return `<text y="${below.toFixed(1)}" dy="4" ${end.text}`;
    });
  return [...drawn, ...labels];
}

function scale(
  domain: readonly number[],
  [from, to]: readonly [number, number],
  isLogarithmic: boolean,
): (value: number) => number {
  const place = isLogarithmic ? Math.log : (value: number) => value;
  const [low, high] = [place(Math.min(...domain)), place(Math.max(...domain))];
  return (value) =>
    high === low ? (from + to) / 2 : from + ((place(value) - low) / (high - low)) * (to - from);
}

/** Powers of ten around the values, or five even steps from 0. */
function ticksFor(values: readonly number[], isLogarithmic: boolean): number[] {
  const high = Math.max(...values);
  if (!isLogarithmic) {
    const step = Math.ceil(high / 4 / 25) * 25;
    return [0, 1, 2, 3, 4].map((count) => count * step);
  }
  const first = Math.floor(Math.log10(Math.min(...values)));
  const count = Math.max(1, Math.ceil(Math.log10(high)) - first);
  return Array.from({ length: count + 1 }, (_item, index) =>
    Number((10 ** (first + index)).toPrecision(1)),
  );
}
