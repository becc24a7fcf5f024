import { DrayError } from "../../src/errors.ts";
import { mutate } from "./mutate.ts";
import { Random } from "./random.ts";
import type { Target } from "./targets.ts";

/** Nothing that small may take that long. */
const MAX_MS = 5000;

export interface Mistake {
  readonly target: string;
  readonly input: Buffer;
  readonly reason: string;
}

/** Input `number` of a seed: the same for the same samples, whatever came before it. */
export function inputOf(
  targets: Readonly<Record<string, Target>>,
  seed: number,
  number: number,
): { name: string; target: Target; input: Buffer } {
  const random = new Random(seed + Math.imul(number, 0x9e3779b1));
  const named = Object.entries(targets);
  const all = named.flatMap(([, { samples }]) => samples);
  const [name, target] = random.of(named);
  return { name, target, input: mutate(random.of(target.samples), random, all) };
}

/** Gives mutated samples to one target after another until `goOn` says no, or one makes a mistake. */
export async function fuzz(
  targets: Readonly<Record<string, Target>>,
  { seed, from = 0 }: { seed: number; from?: number },
  goOn: (count: number) => boolean,
): Promise<{ count: number; mistake: Mistake | undefined }> {
  let count = from;
  for (; goOn(count); count++) {
    const { name, target, input } = inputOf(targets, seed, count);
    const reason = await mistakeOf(() => target.run(input));
    if (reason !== undefined) return { count, mistake: { target: name, input, reason } };
  }
  return { count, mistake: undefined };
}

async function mistakeOf(run: () => unknown): Promise<string | undefined> {
  const start = performance.now();
  try {
    await run();
  } catch (error) {
    if (!(error instanceof DrayError)) return error instanceof Error ? error.stack : String(error);
  }
  const ms = performance.now() - start;
  return ms > MAX_MS ? `it took ${Math.round(ms)} ms` : undefined;
}
