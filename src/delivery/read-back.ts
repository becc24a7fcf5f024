import { forAll } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { whatIsWrong } from "./kept.ts";
import type { PushRecord } from "./record.ts";
import type { Situation } from "./situation.ts";

/**
 * Reads everything back that was sent or was there, and hashes it, before anything gets its name.
 * @throws DrayError `DRAY_TARGET_DAMAGED` with everything that is not as it should be
 */
export async function readAllBack(
  situations: readonly Situation[],
  record: PushRecord,
  { signal, onEvent }: Run,
): Promise<void> {
  const stored = storedBy(situations);
  const bytes = stored.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  onEvent({ type: "stage", stage: "read back", bytes });
  const found = await forAll(stored, signal, ({ repository, descriptor }, either) =>
    repository.client.limit(async () => {
      const wrong = await whatIsWrong(repository, descriptor, { content: true, signal: either });
      onEvent({ type: "progress", bytes: descriptor.size });
      return wrong === undefined ? [] : [{ repository, descriptor, message: wrong.message }];
    }),
  );
  const wrong = found.flat();
  if (wrong.length === 0) return;
  const error = new DrayError(
    "DRAY_TARGET_DAMAGED",
    `Cannot finish the push: the target does not have what it was sent:${wrong.map(({ message }) => `\n  ${message}`).join("")}`,
    {
      kind: "refused",
      hint: "No tag was written. Have what is damaged removed at the registry, then push again.",
    },
  );
  for (const { plan, repository } of situations) {
    const needs = (one: Stored): boolean =>
      one.repository.repository === repository.repository &&
      plan.root.blobs.has(one.descriptor.digest);
    if (wrong.some(needs)) record.fail(plan, error);
  }
  throw error;
}

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
