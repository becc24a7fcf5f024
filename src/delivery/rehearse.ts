import { all } from "../content/concurrency.ts";
import type { Run } from "../events.ts";
import { presenceOf, requireWritable, type Presence } from "../remote/registry/presence.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { readyCharts, type ChartWork } from "./publish-charts.ts";
import { resultOf } from "./publish.ts";
import type { Steps } from "./send.ts";
import { isChart, isThere, type Situation } from "./situation.ts";

/** A repository that is not there and that nothing has refused. */
export interface NewRepository {
  readonly repository: string;
  /** `new`: a push makes it. `unknown`: the registry does not say whether a push would. */
  readonly presence: "new" | "unknown";
}

/**
 * Asks what is missing at the target and whether it would be taken, and sends nothing. What would be
 * refused is on record as failed; what would only be made is given back.
 */
export async function rehearse(
  situations: readonly Situation[],
  work: ChartWork,
): Promise<NewRepository[]> {
  const { record, attempts, run } = work.steps;
  const repositories = new Presences();
  const rehearseOne = (situation: Situation): Promise<boolean> =>
    attempts.make(situation, () => foresee(situation, repositories, work.steps), run.signal);
  for (const image of situations.filter((one) => !isChart(one))) await rehearseOne(image);
  const charts = situations.filter(isChart);
  for (const chart of charts) await rehearseOne(chart);
  const taken = charts.filter(({ plan }) => !record.hasFailed(plan));
  await readyCharts(taken, work);
  return repositories.notThere();
}

/** What a push would do with one artifact. */
async function foresee(
  situation: Situation,
  repositories: Presences,
  { record, run }: Steps,
): Promise<void> {
  const { plan, repository } = situation;
  const { limit } = repository.client;
  const isNew = (await repositories.of(situation, run)) !== "there";
  const presences = await all(
    [...plan.root.blobs.values()].map(async (descriptor) => {
      const present = !isNew && (await limit(() => repository.exists(descriptor, run)));
      record.transfers.rehearse(descriptor, { repository: plan.repository, present });
      return present;
    }),
  );
  // What is there whole is not written.
  if (!isThere(situation) || presences.includes(false)) await repositories.open(repository, run);
  record.end(plan, resultOf(situation));
}

/** Whether repositories are there, each asked for once. */
class Presences {
  readonly #asked = new Map<string, Promise<Presence>>();
  #notThere: NewRepository[] = [];
  readonly #open = new Map<string, Promise<void>>();

  of({ plan, repository, existing }: Situation, { signal }: Run): Promise<Presence> {
    const known = this.#asked.get(plan.repository);
    if (known !== undefined) return known;
    // What has a tag is there, and whether it may be written to is not known before that is tried.
    const asked =
      existing === undefined ? this.#ask(repository, signal) : Promise.resolve("there" as const);
    this.#asked.set(plan.repository, asked);
    return asked;
  }

  /** Ends if something may be written there; else nobody makes it, either. */
  async open(repository: Repository, { signal }: Run): Promise<void> {
    const { client, repository: name } = repository;
    const asked = this.#open.get(name) ?? client.limit(() => requireWritable(repository, signal));
    this.#open.set(name, asked);
    try {
      await asked;
    } catch (error) {
      this.#notThere = this.#notThere.filter((one) => one.repository !== name);
      throw error;
    }
  }

  notThere(): NewRepository[] {
    return this.#notThere.toSorted((a, b) => (a.repository < b.repository ? -1 : 1));
  }

  async #ask(repository: Repository, signal: AbortSignal): Promise<Presence> {
    const presence = await repository.client.limit(() => presenceOf(repository, signal));
    if (presence !== "there") {
      this.#notThere.push({ repository: repository.repository, presence });
    }
    return presence;
  }
}
