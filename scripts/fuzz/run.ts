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

/** Gives mutated samples to one target after another until `goOn` says no, or one makes a mistake. */
export async function fuzz(
  targets: Readonly<Record<string, Target>>,
  seed: number,
  goOn: (count: number) => boolean,
): Promise<{ count: number; mistake: Mistake | undefined }> {
  const random = new Random(seed);
  const named = Object.entries(targets);
  const all = named.flatMap(([, { samples }]) => samples);
  let count = 0;
  for (; goOn(count); count++) {
    const [name, target] = random.of(named);
    const input = mutate(random.of(target.samples), random, all);
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
