import { forAllInTurn } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import { readVerified } from "../content/verify.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseManifest, type Manifest } from "../oci/manifest.ts";
import { COSIGN_SIGNATURE, referrersTag } from "../oci/referrer.ts";
import type { RegistryPool } from "../remote/registry/pool.ts";
import type { Repository } from "../remote/registry/repository.ts";
import type { Attempts } from "./attempts.ts";
import type { PlannedPush } from "./plan.ts";

/** A planned push and what the target has under its name. */
export interface Situation {
  readonly plan: PlannedPush;
  readonly repository: Repository;
  readonly existing: Descriptor | undefined;
  /** Something else is there that has all of it: somebody has signed beside it. */
  readonly isIncluded: boolean;
}

/** True if the target has under the name what is to be there: no tag will be written. */
export function isThere({ existing, plan, isIncluded }: Situation): boolean {
  if (isIncluded) return true;
  const { digest, size } = plan.root.descriptor;
  return existing?.digest === digest && existing.size === size;
}

export function isChart({ plan }: Situation): boolean {
  return plan.kind === "chart";
}

export function isReferrer({ plan }: Situation): boolean {
  return plan.kind === "referrer";
}

/** True for the list of referrers that stands for an API: it is joined with what is there. */
export function isList({ kind, root, tag, subject }: PlannedPush): boolean {
  const isIndex = kind === "referrer" && root.manifest.kind === "index";
  return isIndex && subject !== undefined && tag === referrersTag(subject);
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
  const found = await forAllInTurn(plan, signal, async (item, either) => {
    const repository = pool.repository({ registry, repository: item.repository }, "pull,push");
    const name = item.tag ?? item.root.descriptor.digest;
    const situations: Situation[] = [];
    const look = async (): Promise<void> => {
      const options = { signal: either, like: item.root.descriptor.digest };
      const existing = await client.limit(() => repository.find(name, options));
      const read = (descriptor: Descriptor): Promise<Buffer> =>
        client.limit(() => readVerified(repository, descriptor, { signal: either }));
      const isIncluded = await isIn(existing, item, read);
      situations.push({ plan: item, repository, existing, isIncluded });
    };
    await attempts.make({ plan: item, repository }, look, either);
    return situations;
  });
  return found.flat();
}

/** Signatures under one tag are the layers of one manifest, which grows with each of them. */
async function isIn(
  existing: Descriptor | undefined,
  { kind, digest, root }: PlannedPush,
  read: (descriptor: Descriptor) => Promise<Buffer>,
): Promise<boolean> {
  if (existing === undefined || kind !== "referrer" || existing.digest === digest) return false;
  const raw = await read(existing);
  const { mediaType } = existing;
  const there = partsOf(parseManifest(raw, { mediaType, what: existing.digest }));
  return [...partsOf(root.manifest)].every((part) => there.has(part));
}

/** What a tag of referrers holds, each by its digest and, of cosign, the signature over it. */
function partsOf(manifest: Manifest): ReadonlySet<string> {
  const parts = manifest.kind === "index" ? manifest.manifests : manifest.layers;
  return new Set(
    parts.map(({ digest, annotations }) => `${digest} ${annotations?.[COSIGN_SIGNATURE] ?? ""}`),
  );
}

/** Nothing is sent while a tag would have to move that nobody allowed to move. */
export function requireNoConflict(situations: readonly Situation[], overwrite: boolean): void {
  const conflicts = situations.filter(
    ({ plan, existing, isIncluded }) =>
      existing !== undefined &&
      existing.digest !== plan.root.descriptor.digest &&
      !isIncluded &&
      !isList(plan),
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
