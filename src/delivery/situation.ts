import { forAll } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { RegistryPool } from "../remote/registry/pool.ts";
import type { Repository } from "../remote/registry/repository.ts";
import type { Attempts } from "./attempts.ts";
import type { PlannedPush } from "./plan.ts";

/** A planned push and what the target has under its name. */
export interface Situation {
  readonly plan: PlannedPush;
  readonly repository: Repository;
  readonly existing: Descriptor | undefined;
}

/** True if the target has under the name what is to be there: no tag will be written. */
export function isThere({ existing, plan }: Situation): boolean {
  const { digest, size } = plan.root.descriptor;
  return existing?.digest === digest && existing.size === size;
}

export function isChart({ plan }: Situation): boolean {
  return plan.kind === "chart";
}

/** A registry that is asked, and how. */
export interface Inquiry {
  readonly pool: RegistryPool;
  readonly registry: string;
  readonly attempts: Attempts;
  readonly signal: AbortSignal;
}

/** Asks the target what it has under every name of the plan; what it refuses to say is on record. */
export async function lookAt(
  plan: readonly PlannedPush[],
  { pool, registry, attempts, signal }: Inquiry,
): Promise<Situation[]> {
  const client = pool.client(registry);
  await client.ping(signal);
  const found = await forAll(plan, signal, async (item, either) => {
    const repository = pool.repository({ registry, repository: item.repository }, "pull,push");
    const name = item.tag ?? item.root.descriptor.digest;
    const situations: Situation[] = [];
    const look = async (): Promise<void> => {
      const existing = await client.limit(() => repository.find(name, { signal: either }));
      situations.push({ plan: item, repository, existing });
    };
    await attempts.make({ plan: item, repository }, look, either);
    return situations;
  });
  return found.flat();
}

/** Nothing is sent while a tag would have to move that nobody allowed to move. */
export function requireNoConflict(situations: readonly Situation[], overwrite: boolean): void {
  const conflicts = situations.filter(
    ({ plan, existing }) =>
      existing !== undefined && existing.digest !== plan.root.descriptor.digest,
  );
  if (overwrite || conflicts.length === 0) return;
  const lines = conflicts.map(
    ({ plan, existing }) =>
      `\n  ${plan.target}: expected nothing or ${plan.root.descriptor.digest}, found ${existing?.digest ?? ""}`,
  );
  throw new DrayError(
    "DRAY_TAG_CONFLICT",
    `Cannot push: tags stand for something else:${lines.join("")}`,
    {
      kind: "refused",
      hint: "Find out who uses them; --overwrite moves them.",
    },
  );
}
