import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { systemCode } from "../../src/errors.ts";
import { Comparison } from "./comparison.ts";
import type { Cost } from "./measure.ts";
import type { TlsCost } from "./tls.ts";

const costSchema = z.object({
  seconds: z.number(),
  cpu: z.number(),
  peakRss: z.number(),
  written: z.number(),
  load: z.number(),
});

const resultsSchema = z.object({
  comparisons: z.array(
    z.object({
      journey: z.string(),
      load: z.object({ count: z.number(), bytes: z.number(), what: z.string() }),
      costs: z.record(z.string(), z.array(costSchema)),
    }),
  ),
  tls: z.array(
    z.object({
      journey: z.string(),
      program: z.string(),
      cost: costSchema,
      connections: z.number(),
      requests: z.number(),
    }),
  ),
});

/** What was measured, in one run of the benchmark or in several that were added up. */
export interface Results {
  readonly comparisons: readonly Comparison[];
  readonly tls: readonly TlsCost[];
}

/** What earlier runs have found, with what this one has: rounds of one journey stand together. */
export async function addResults(path: string, { comparisons, tls }: Results): Promise<Results> {
  const known = await readResults(path);
  const all = new Map(known.comparisons.map((one) => [nameOf(one), one]));
  for (const one of comparisons) {
    const before = all.get(nameOf(one)) ?? new Comparison(one.journey, one.load);
    for (const [program, costs] of one.costs) before.note(program, ...costs);
    all.set(nameOf(one), before);
  }
  const together = { comparisons: [...all.values()].toSorted(byLoad), tls: [...known.tls, ...tls] };
  await writeFile(path, `${JSON.stringify(written(together), undefined, 1)}\n`);
  return together;
}

async function readResults(path: string): Promise<Results> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    return { comparisons: [], tls: [] };
  }
  const { comparisons, tls } = resultsSchema.parse(JSON.parse(text));
  return { comparisons: comparisons.map(read), tls };
}

function read({
  journey,
  load,
  costs,
}: z.infer<typeof resultsSchema>["comparisons"][0]): Comparison {
  const comparison = new Comparison(journey, load);
  for (const [program, rounds] of Object.entries(costs)) comparison.note(program, ...rounds);
  return comparison;
}

function written({ comparisons, tls }: Results): z.infer<typeof resultsSchema> {
  const plain = comparisons.map(({ journey, load, costs }) => {
    const entries = [...costs].map(([program, rounds]): [string, Cost[]] => [program, [...rounds]]);
    return { journey, load, costs: Object.fromEntries(entries) };
  });
  return { comparisons: plain, tls: [...tls] };
}

function nameOf({ journey, load }: Comparison): string {
  return `${journey}, ${load.what}`;
}

/** Few small things first. */
function byLoad(one: Comparison, other: Comparison): number {
  return one.load.bytes - other.load.bytes;
}
