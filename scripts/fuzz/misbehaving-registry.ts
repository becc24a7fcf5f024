import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { answer } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, pushImage } from "../../fixtures/images.ts";
import { TestRegistry } from "../../fixtures/registry.ts";
import { DrayError } from "../../src/errors.ts";
import type { DrayEvent } from "../../src/events.ts";
import { lasting, passing, type Misdeed, type Work } from "./misdeeds.ts";
import { ODD_LOGIN, TOKEN_PATH } from "./passing-misdeeds.ts";
import { Random } from "./random.ts";
import {
  listed,
  LOGIN,
  pulled,
  pushed,
  TAGS,
  withRepository,
  type Check,
  type Desk,
} from "./registry-work.ts";

/** What became of what was done with a registry that misbehaved. */
export interface MisbehaviorCount {
  /** Runs whose misdeeds pass, and how many of them ended with the right content. */
  readonly passing: number;
  readonly outlasted: number;
  /** Runs with a misdeed that stays, and how many of them ended with a `DrayError`. */
  readonly lasting: number;
  readonly named: number;
  /** All others, and those that gave a secret away. */
  readonly wrong: readonly string[];
  /** How often each kind of misdeed was tried. */
  readonly kinds: ReadonlyMap<string, number>;
}

const TOKEN = "t0ken-0f-the-registry";
const SECRETS = [
  TOKEN,
  LOGIN.password,
  Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64"),
];
/** Who never does any better is given up soon. */
const LASTING_RETRY_FOR = 500;

/** Most of a run is waiting: so many go on at once, each lane with a registry of its own. */
const LANES = 4;

/** Run `k` of a seed is always the same: what happens to which request, and how often. */
export async function misbehave(
  directory: string,
  seed: number,
  runs: number,
): Promise<MisbehaviorCount> {
  const tally = new Tally();
  const lanes = Array.from({ length: LANES }, async (_, first) => {
    const lane = await Lane.start(join(directory, `lane-${first}`));
    try {
      for (let run = first; run < runs; run += LANES) {
        const choice = chosen(new Random(seed + Math.imul(run, 0x9e3779b1)));
        tally.note(run, choice, await lane.outcome(run, choice));
      }
    } finally {
      await lane.stop();
    }
  });
  await Promise.all(lanes);
  return tally.count;
}

class Tally {
  readonly count = {
    passing: 0,
    outlasted: 0,
    lasting: 0,
    named: 0,
    wrong: [] as string[],
    kinds: new Map<string, number>(),
  };

  note(run: number, { isLasting, work, misdeeds }: Choice, { error, leaked }: Outcome): void {
    const { count } = this;
    for (const { kind } of misdeeds) count.kinds.set(kind, (count.kinds.get(kind) ?? 0) + 1);
    count[isLasting ? "lasting" : "passing"]++;
    const isRight = isLasting ? error instanceof DrayError : error === undefined;
    if (isRight) count[isLasting ? "named" : "outlasted"]++;
    if (isRight && leaked === undefined) return;
    const names = misdeeds.map(({ what }) => what).join(", ");
    count.wrong.push(`run ${run}, ${work}: ${names}: ${leaked ?? String(error)}`);
  }
}

interface Choice {
  readonly isLasting: boolean;
  readonly work: Work;
  readonly misdeeds: readonly Misdeed[];
}

function chosen(random: Random): Choice {
  const isLasting = random.below(4) === 0;
  const work = random.of<Work>(["pull", "pull", "push", "push", "list"]);
  if (!isLasting) return { isLasting, work, misdeeds: passing(random, work) };
  return { isLasting, work, misdeeds: [...asksForLogin(random, work), lasting(random, work)] };
}

/** Who is asked for a login has something to give away. */
function asksForLogin(random: Random, work: Work): Misdeed[] {
  const found = passing(random, work).find(({ kind }) => kind === ODD_LOGIN);
  return found === undefined ? [] : [found];
}

interface Outcome {
  /** Undefined if the content is right. */
  readonly error: unknown;
  /** What was said with a secret in it. */
  readonly leaked: string | undefined;
}

/** A registry, and one run after the other with it. */
class Lane {
  readonly #registry: TestRegistry;
  readonly #directory: string;
  readonly #source = makeImage([makeLayer("source", 60_000), makeLayer("small", 500)]);

  private constructor(registry: TestRegistry, directory: string) {
    this.#registry = registry;
    this.#directory = directory;
  }

  static async start(directory: string): Promise<Lane> {
    const registry = await TestRegistry.start({ directory: join(directory, "registry") });
    const lane = new Lane(registry, directory);
    await withRepository(registry, "team/app", async (repository) => {
      for (const tag of TAGS) await pushImage(repository, lane.#source, tag);
    });
    return lane;
  }

  async stop(): Promise<void> {
    await this.#registry.stop();
  }

  async outcome(run: number, { isLasting, work, misdeeds }: Choice): Promise<Outcome> {
    const events: DrayEvent[] = [];
    const registry = this.#registry;
    const desk = {
      host: registry.host,
      onEvent: (one: DrayEvent) => events.push(one),
      ...(isLasting ? { retryFor: LASTING_RETRY_FOR } : {}),
    };
    // Of its fields Go leaves out some and writes others as null.
    const token = JSON.stringify({ token: null, access_token: TOKEN, expires_in: null });
    registry.inject({ path: new RegExp(`^${TOKEN_PATH}\\?`) }, answer(200, {}, token));
    for (const { rule, fault } of misdeeds) registry.inject(rule, fault);
    let error: unknown;
    try {
      const check = await this.#done(desk, work, run);
      registry.mend();
      await check();
    } catch (cause) {
      error = cause;
    } finally {
      registry.mend();
      registry.forget();
    }
    const hint = error instanceof DrayError ? error.hint : "";
    const said = [String(error), hint, ...events.map((event) => JSON.stringify(event))];
    const leaked = said.find((text) => SECRETS.some((secret) => text?.includes(secret)));
    return { error, leaked };
  }

  async #done(desk: Desk, work: Work, run: number): Promise<Check> {
    if (work === "push") return pushed(desk, run);
    if (work === "list") return listed(desk);
    const place = join(this.#directory, `run-${run}`);
    await mkdir(place, { recursive: true });
    const check = await pulled(desk, this.#source, place);
    return async () => {
      await check();
      await rm(place, { recursive: true, force: true });
    };
  }
}
