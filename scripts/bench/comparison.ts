import { formatBytes } from "../../src/cli/table.ts";
import { spreadOf, summary, type Cost } from "./measure.ts";

/** What a journey is made with. */
export interface Load {
  readonly count: number;
  readonly bytes: number;
  /** What it is called in rows: `1.0 GiB in 4 images`. */
  readonly what: string;
}

/** One journey by dray and by its peers, in turn on one machine. */
export class Comparison {
  /** `pack`, `push to docker-registry` */
  readonly journey: string;
  readonly load: Load;
  readonly #costs = new Map<string, Cost[]>();

  constructor(journey: string, load: Load) {
    this.journey = journey;
    this.load = load;
  }

  note(program: string, ...costs: readonly Cost[]): void {
    this.#costs.set(program, [...(this.#costs.get(program) ?? []), ...costs]);
  }

  /** Every round of every program. */
  get costs(): ReadonlyMap<string, readonly Cost[]> {
    return this.#costs;
  }

  of(program: string): Cost | undefined {
    const costs = this.#costs.get(program);
    return costs === undefined ? undefined : summary(costs);
  }

  /** Runs each program in turn, another one first each time, so that none has the quiet moments. */
  async run(runs: number, programs: ReadonlyMap<string, () => Promise<Cost>>): Promise<this> {
    const all = [...programs];
    for (let run = 0; run < runs; run++) {
      const first = run % all.length;
      for (const [name, measured] of [...all.slice(first), ...all.slice(0, first)]) {
        this.note(name, await measured());
      }
    }
    return this;
  }

  /** A row for each program, the quickest peer's time being what ratios are to. */
  rows(): string[][] {
    const peers = [...this.#costs.keys()].filter((name) => name !== "dray");
    const best = Math.min(...peers.map((name) => this.of(name)?.seconds ?? Infinity));
    const bestCpu = Math.min(...peers.map((name) => this.of(name)?.cpu ?? Infinity));
    return [...this.#costs].map(([name, costs], index) => {
      const { cpu, peakRss, written, seconds, load } = summary(costs);
      const wall = spreadOf(costs.map((one) => one.seconds));
      return [
        index === 0 ? `${this.journey}, ${this.load.what}` : "",
        name,
        `${wall.min.toFixed(2)} / **${wall.median.toFixed(2)}** / ${wall.max.toFixed(2)}`,
        cpu.toFixed(2),
        ratio(seconds, best),
        ratio(cpu, bestCpu),
        formatBytes(peakRss),
        formatBytes(written),
        String(costs.length),
        load.toFixed(1),
      ];
    });
  }
}

/** What takes no time that could be measured is nothing to compare with, and neither is nobody. */
const LEAST_SECONDS = 0.05;

function ratio(own: number, best: number): string {
  return Number.isFinite(best) && best >= LEAST_SECONDS ? (own / best).toFixed(2) : "";
}

export const COLUMNS: readonly string[] = [
  "journey",
  "program",
  "seconds: min / **median** / max",
  "CPU seconds",
  "to the quickest peer",
  "CPU to the thriftiest",
  "peak RSS",
  "written",
  "rounds",
  "load",
];
