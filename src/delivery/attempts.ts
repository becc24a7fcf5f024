import type { ErrorCode } from "../codes.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { RegistryClient } from "../remote/registry/client.ts";
import type { Repository } from "../remote/registry/repository.ts";
import type { PlannedPush } from "./plan.ts";
import type { PushRecord } from "./record.ts";

/** What is wrong with the login is wrong with it for everything. */
const OF_ALL: ReadonlySet<ErrorCode> = new Set([
  "DRAY_AUTH_REALM_REFUSED",
  "DRAY_LOGIN_EXPIRED",
  "DRAY_LOGIN_REFUSED",
]);

/** What a registry has done to one artifact, and no answer of it says. */
const OF_ONE: ReadonlySet<ErrorCode> = new Set([
  "DRAY_MANIFEST_REWRITTEN",
  "DRAY_REGISTRY_ANSWER_TOO_LARGE",
  "DRAY_REGISTRY_LOCATION",
  "DRAY_REGISTRY_REDIRECT",
  "DRAY_TAG_CONFLICT",
  "DRAY_TARGET_DAMAGED",
]);

/** Artifacts that may fail because a registry is in trouble; it was waited for each time. */
const MOST_TROUBLES = 3;

/** An artifact, and where it goes. */
interface Attempted {
  readonly plan: PlannedPush;
  readonly repository: Repository;
}

/** Steps for artifacts one by one: what a registry refuses of one keeps no other from going on. */
export class Attempts {
  readonly #record: PushRecord;
  readonly #sources: "one" | "several";
  #troubles = 0;

  /** Where everything comes from one source, that is damaged as a whole. */
  constructor(record: PushRecord, sources: "one" | "several") {
    this.#record = record;
    this.#sources = sources;
  }

  /**
   * True if the step is done; false if it failed for this artifact alone, which is on record then.
   * @throws what ends the delivery
   */
  async make(
    { plan, repository }: Attempted,
    step: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      // Those that are stopped by the failure of another have none of their own.
      signal.throwIfAborted();
      if (!(error instanceof DrayError)) throw error;
      this.#record.fail(plan, error);
      const ask = (): Promise<boolean> => answers(repository.client, signal);
      if (!this.#isOfOne(error) || (await this.#isOver(error, ask))) throw error;
      return false;
    }
  }

  #isOfOne(error: DrayError): boolean {
    if (OF_ALL.has(error.code)) return false;
    if (this.#sources === "several" && error.kind === "refused") return true;
    return error instanceof RegistryError || OF_ONE.has(error.code);
  }

  /** A registry that fails again and again after it was waited for is not asked for the rest. */
  async #isOver(error: DrayError, ask: () => Promise<boolean>): Promise<boolean> {
    if (!(error instanceof RegistryError) || !isTrouble(error)) return false;
    this.#troubles += 1;
    return this.#troubles >= MOST_TROUBLES || !(await ask());
  }
}

/** Whether a registry answers at all by now, asked once and without waiting. */
async function answers(client: RegistryClient, signal: AbortSignal): Promise<boolean> {
  const request = { method: "GET", path: "", action: "connect", scopes: [], signal } as const;
  try {
    await (await client.request({ ...request, accept: [200], retry: false })).discard();
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return error.status !== 0 && error.status < 500;
  }
}

/** No verdict on an artifact: no answer, or that of a server that is in trouble or busy. */
function isTrouble({ status, isPermanent }: RegistryError): boolean {
  return !isPermanent && (status === 0 || status === 429 || status >= 500);
}
