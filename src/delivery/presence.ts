import { forAll } from "../content/concurrency.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";
import type { Run } from "../events.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import type { Receipt } from "./receipt.ts";

/**
 * Whether a target has an image, as far as that was looked into. `rewritten`: not under its digest, but
 * there is one under its tag.
 */
export type TargetPresence = "there" | "missing" | "rewritten" | "not asked";

/** By the full name of each image at the target. */
export type Presences = ReadonlyMap<string, TargetPresence>;

/** What a push has brought to the target, by its receipt. */
export function presenceByReceipt(
  images: readonly Reference[],
  { artifacts }: Pick<Receipt, "artifacts">,
): Presences {
  const names = new Set<string>();
  for (const { target, pinned, blobs, result } of artifacts) {
    if (result === "failed" || result === "unfinished") continue;
    // What was held back is there under its digest alone.
    if (result !== "held") names.add(formatReference(parseReference(target)));
    const repository = pinned.slice(0, pinned.indexOf("@"));
    for (const { digest } of blobs) names.add(`${repository}@${digest}`);
  }
  return new Map(
    images.map((image) => [
      formatReference(image),
      names.has(formatReference(pulled(image))) ? "there" : "missing",
    ]),
  );
}

/** Asks registries for images, each once. @throws RegistryError if one does not say */
export async function presenceByAsking(
  images: readonly Reference[],
  access: RegistryAccess,
  { signal, onEvent }: Run,
): Promise<Presences> {
  const pool = new RegistryPool(access, { side: "target", onEvent });
  const registries = new Set(images.map(({ registry }) => registry));
  try {
    await forAll([...registries], signal, (name, either) => pool.client(name).ping(either));
    const answers = await forAll(images, signal, async (image, either) => {
      const repository = pool.repository(image);
      const name = image.digest ?? image.tag ?? "latest";
      const find = (wanted: string): Promise<unknown> =>
        repository.client.limit(() => repository.find(wanted, { signal: either }));
      const full = formatReference(image);
      if ((await find(name)) !== undefined) return [full, "there"] as const;
      // Some registries write a manifest anew, and then it has another digest.
      const { digest, tag } = image;
      const isRewritten =
        digest !== undefined && tag !== undefined && (await find(tag)) !== undefined;
      return [full, isRewritten ? "rewritten" : "missing"] as const;
    });
    return new Map(answers);
  } finally {
    await pool.close();
  }
}

/** A digest, where there is one, is what a cluster pulls: the tag beside it says nothing then. */
function pulled({ registry, repository, tag, digest }: Reference): Reference {
  if (digest !== undefined) return { registry, repository, digest };
  return { registry, repository, ...(tag === undefined ? {} : { tag }) };
}

/** What a push has brought is there; the registry is asked for the rest. */
export async function presenceAfter(
  images: readonly Reference[],
  artifacts: Receipt["artifacts"],
  { access, run }: { access: RegistryAccess; run: Run },
): Promise<Presences> {
  const brought = presenceByReceipt(images, { artifacts });
  const others = images.filter((image) => brought.get(formatReference(image)) !== "there");
  return new Map([...brought, ...(await presenceByAsking(others, access, run))]);
}
