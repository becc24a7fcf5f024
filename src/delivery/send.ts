import { forAllInTurn } from "../content/concurrency.ts";
import type { Source } from "../content/content.ts";
import { GraphCopy } from "../content/copy.ts";
import type { Run } from "../events.ts";
import type { Attempts } from "./attempts.ts";
import type { PushRecord } from "./record.ts";
import type { Situation } from "./situation.ts";

/** What is kept of the steps of a delivery while they are made. */
export interface Steps {
  readonly attempts: Attempts;
  readonly record: PushRecord;
  readonly run: Run;
}

/** Sends what is missing, and no tag. Gives back those of which everything is there now. */
export async function sendAll(
  situations: readonly Situation[],
  { attempts, record, run }: Steps,
): Promise<Situation[]> {
  const copies = new Copies();
  const sent = await forAllInTurn(situations, run.signal, async (situation, signal) => {
    const { plan, repository } = situation;
    const { limit } = repository.client;
    const onEvent = record.transfers.listener(plan.repository, run.onEvent);
    const copy = copies.between(plan.source, plan.repository, () => {
      return new GraphCopy(plan.source, repository, { limit, signal, onEvent, keepGoing: true });
    });
    const done = await attempts.make(situation, () => copy.copy(plan.root.descriptor), signal);
    return done ? [situation] : [];
  });
  return sent.flat();
}

/** One copy for each repository and source: what the images there share goes there once. */
class Copies {
  readonly #bySource = new Map<Source, Map<string, GraphCopy>>();

  between(source: Source, repository: string, start: () => GraphCopy): GraphCopy {
    const known = this.#bySource.get(source) ?? new Map<string, GraphCopy>();
    this.#bySource.set(source, known);
    const copy = known.get(repository) ?? start();
    known.set(repository, copy);
    return copy;
  }
}
