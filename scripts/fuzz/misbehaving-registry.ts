import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeImage, makeLayer, pushImage, type MadeImage } from "../../fixtures/images.ts";
import { TestRegistry } from "../../fixtures/registry.ts";
import { atMost } from "../../src/content/concurrency.ts";
import { GraphCopy } from "../../src/content/copy.ts";
import { readVerified } from "../../src/content/verify.ts";
import { DrayError } from "../../src/errors.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import type { Clock } from "../../src/remote/http/clock.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import type { Repository } from "../../src/remote/registry/repository.ts";
import { Random } from "./random.ts";
import { lasting, passing, type Misdeed } from "./registry-faults.ts";

/** What became of pulls from and pushes to a registry that misbehaved. */
export interface MisbehaviorCount {
  /** Runs whose misdeeds pass, and how many of them ended with the right content. */
  readonly passing: number;
  readonly outlasted: number;
  /** Runs with a misdeed that stays, and how many of them ended with a `DrayError`. */
  readonly lasting: number;
  readonly named: number;
  /** All others. */
  readonly wrong: readonly string[];
}

/** Run `k` of a seed is always the same: what happens to which request, and how often. */
export async function misbehave(
  directory: string,
  seed: number,
  runs: number,
): Promise<MisbehaviorCount> {
  const registry = await TestRegistry.start({ directory: join(directory, "registry") });
  const count = { passing: 0, outlasted: 0, lasting: 0, named: 0, wrong: [] as string[] };
  const source = makeImage([makeLayer("source", 60_000), makeLayer("small", 500)]);
  try {
    await withRepository(registry, "team/app", (repository) => pushImage(repository, source, "1"));
    for (let run = 0; run < runs; run++) {
      const random = new Random(seed + Math.imul(run, 0x9e3779b1));
      const isLasting = random.below(4) === 0;
      const isPush = !isLasting && random.below(2) === 0;
      const misdeeds = isLasting ? [lasting(random)] : passing(random, isPush);
      const place = join(directory, `run-${run}`);
      await mkdir(place, { recursive: true });
      const ended = await outcome(registry, misdeeds, () =>
        isPush ? pushed(registry, run) : pulled(registry, source, place),
      );
      await rm(place, { recursive: true, force: true });
      count[isLasting ? "lasting" : "passing"]++;
      if (isLasting && ended instanceof DrayError) count.named++;
      else if (!isLasting && ended === undefined) count.outlasted++;
      else
        count.wrong.push(
          `run ${run}: ${misdeeds.map(({ what }) => what).join(", ")}: ${String(ended)}`,
        );
    }
    return count;
  } finally {
    await registry.stop();
  }
}

/** What went wrong while the registry misbehaved; undefined if the content is right. */
async function outcome(
  registry: TestRegistry,
  misdeeds: readonly Misdeed[],
  work: () => Promise<() => Promise<void>>,
): Promise<unknown> {
  for (const { rule, fault } of misdeeds) registry.inject(rule, fault);
  try {
    const check = await work();
    registry.mend();
    await check();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    registry.mend();
    registry.forget();
  }
}

async function pulled(
  registry: TestRegistry,
  { root, blobs }: MadeImage,
  directory: string,
): Promise<() => Promise<void>> {
  const layout = await ImageLayout.create(directory);
  await withRepository(registry, "team/app", async (repository) => {
    const found = await repository.resolve("1");
    await new GraphCopy(repository, layout, { limit: atMost(3) }).copy(found);
  });
  return async () => {
    for (const { descriptor } of [root, ...blobs]) await readVerified(layout, descriptor);
  };
}

async function pushed(registry: TestRegistry, run: number): Promise<() => Promise<void>> {
  const image = makeImage([makeLayer(`pushed-${run}`, 60_000)]);
  const name = `run/${run}`;
  await withRepository(registry, name, (repository) => pushImage(repository, image, "1"));
  return () =>
    withRepository(registry, name, async (repository) => {
      const found = await repository.resolve("1");
      if (found.digest !== image.root.descriptor.digest) throw new Error("the tag is another's");
      for (const { descriptor } of [image.root, ...image.blobs]) {
        await readVerified(repository, descriptor);
      }
    });
}

/** A client for one run, on a clock that is put forward instead of waiting. */
async function withRepository<T>(
  { host }: TestRegistry,
  repository: string,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  let now = Date.now();
  const clock: Clock = {
    now: () => now,
    async sleep(milliseconds) {
      now += milliseconds;
    },
  };
  // What never comes is soon given up; on a slow machine that is one misdeed more, and passes.
  const pool = new RegistryPool(
    { clock, idleTimeout: 150, answerTimeout: 500 },
    { side: "source" },
  );
  try {
    return await work(pool.repository({ registry: host, repository }, "pull,push"));
  } finally {
    await pool.close();
  }
}
