import { forAll } from "../content/concurrency.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { whatIsWrong } from "./kept.ts";
import type { Steps } from "./send.ts";
import type { Situation } from "./situation.ts";

/**
 * Reads everything back that was sent or was there, and hashes it, before anything gets its name. Gives
 * back those that are whole; of the others it is on record what is wrong with them.
 */
export async function readAllBack(
  situations: readonly Situation[],
  { record, run: { signal, onEvent } }: Steps,
): Promise<Situation[]> {
  const stored = storedBy(situations);
  const bytes = stored.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  onEvent({ type: "stage", stage: "read back", bytes });
  const found = await forAll(stored, signal, ({ repository, descriptor }, either) =>
    repository.client.limit(async () => {
      const wrong = await whatIsWrong(repository, descriptor, {
        content: true,
        signal: either,
        onEvent,
      })
        // What cannot be read is as good as not there.
        .catch((error: unknown) => {
          if (error instanceof RegistryError && error.status !== 0) return error;
          throw error;
        });
      return wrong === undefined ? [] : [{ repository, descriptor, wrong }];
    }),
  );
  const faults = found.flat();
  return situations.filter(({ plan, repository }) => {
    const own = faults.filter(
      (one) =>
        one.repository.repository === repository.repository &&
        plan.root.blobs.has(one.descriptor.digest),
    );
    if (own.length === 0) return true;
    record.fail(plan, notWhole(own.map(({ wrong }) => wrong)));
    return false;
  });
}

function notWhole(wrong: readonly { code: string; message: string }[]): DrayError {
  const isDamaged = wrong.some(({ code }) => code === "TARGET_DAMAGED");
  return new DrayError(
    "DRAY_TARGET_DAMAGED",
    `The target does not have what it was sent: ${wrong.map(({ message }) => message).join("; ")}`,
    { kind: "refused", hint: isDamaged ? REMOVE : LOST },
  );
}

const REMOVE = "Have what is damaged removed at the registry, then push again.";
const LOST =
  "The same command sends what is missing again; if it gets lost once more, whoever runs the registry has to look at its log and its storage.";

interface Stored {
  readonly repository: Repository;
  readonly descriptor: Descriptor;
}

/** Everything that each repository should have, once. */
function storedBy(situations: readonly Situation[]): Stored[] {
  const stored = new Map<string, Stored>();
  for (const { plan, repository } of situations) {
    for (const descriptor of plan.root.blobs.values()) {
      stored.set(`${plan.repository}@${descriptor.digest}`, { repository, descriptor });
    }
  }
  return [...stored.values()];
}
