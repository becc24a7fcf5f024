import { all } from "../content/concurrency.ts";
import type { Bytes } from "../content/content.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { isManifestType } from "../oci/media-type.ts";
import { whatIsWrong } from "./kept.ts";
import { each } from "./publish.ts";
import type { Steps } from "./send.ts";
import type { Situation } from "./situation.ts";

/**
 * Asks for every blob that was sent or mounted: a registry that looks at no manifest would else give a
 * name to what it does not have. Gives back those of which it shows everything.
 */
export function confirmAll(situations: readonly Situation[], steps: Steps): Promise<Situation[]> {
  const asked = new Map<string, Promise<Finding | undefined>>();
  return each(situations, steps, async (situation, signal) => {
    const { plan } = situation;
    const confirmation = new Confirmation(situation, steps, signal);
    const answers = confirmation.blobs().map((blob) => {
      const place = `${plan.repository}@${blob.digest}`;
      const answer = asked.get(place) ?? confirmation.problemWith(blob);
      asked.set(place, answer);
      return answer;
    });
    const wrong = (await all(answers)).filter((found) => found !== undefined);
    if (wrong.length > 0) throw blobsNotShown(wrong);
  });
}

/** What the target shows of the blobs of one artifact. */
class Confirmation {
  readonly #situation: Situation;
  readonly #steps: Steps;
  readonly #signal: AbortSignal;

  constructor(situation: Situation, steps: Steps, signal: AbortSignal) {
    this.#situation = situation;
    this.#steps = steps;
    this.#signal = signal;
  }

  /** Those that the registry has said to have stored; it was asked for the others before. */
  blobs(): Descriptor[] {
    const blobs = [...this.#situation.plan.root.blobs.values()];
    return blobs.filter(
      (blob) => !isManifestType(blob.mediaType) && this.#result(blob) !== "present",
    );
  }

  /** A mount that brought nothing is made good by sending the blob. */
  async problemWith(blob: Descriptor): Promise<Finding | undefined> {
    if (this.#result(blob) !== "mounted") return this.#look(blob);
    if ((await this.#ask(blob)) === undefined) return undefined;
    await this.#sendWhole(blob);
    return this.#look(blob);
  }

  /** What was stored a moment ago may not be seen everywhere yet. */
  async #look(blob: Descriptor): Promise<Finding | undefined> {
    const { patience } = this.#situation.repository.client;
    let found: Finding | undefined;
    const look = async (): Promise<void> => {
      found = await this.#ask(blob);
      if (found?.code === "TARGET_MISSING") throw blobsNotShown([found]);
    };
    try {
      await patience.settle(look, isNotShown, this.#signal);
    } catch (error) {
      if (!isNotShown(error)) throw error;
    }
    return found;
  }

  #ask(blob: Descriptor): Promise<Finding | undefined> {
    const { repository } = this.#situation;
    const options = { content: false, signal: this.#signal };
    return repository.client.limit(() => whatIsWrong(repository, blob, options));
  }

  async #sendWhole(blob: Descriptor): Promise<void> {
    const { plan, repository } = this.#situation;
    const { client } = repository;
    const signal = this.#signal;
    client.warn(
      `${client.name} said that it has mounted ${blob.digest} in ${plan.repository}, and does not show it there: it is sent`,
    );
    const open = (offset: number): Bytes => plan.source.fetch(blob, { signal, offset });
    const content = { from: plan.source.name, open };
    await client.limit(() => repository.push(blob, content, { signal, afresh: true }));
    this.#steps.record.transfers.correct(blob, plan.repository);
  }

  #result({ digest }: Descriptor): string {
    return this.#steps.record.transfers.resultOf(this.#situation.plan.repository, digest);
  }
}

function isNotShown(error: unknown): error is DrayError {
  return error instanceof DrayError && error.code === "DRAY_TARGET_DAMAGED";
}

function blobsNotShown(found: readonly Finding[]): DrayError {
  return new DrayError(
    "DRAY_TARGET_DAMAGED",
    `The target does not show what it took: ${found.map(({ message }) => message).join("; ")}`,
    {
      kind: "refused",
      hint: "The registry said that it had stored the blob and does not show it: whoever runs it has to look at its log, its storage and what it caches. The same command sends what is missing again.",
    },
  );
}
