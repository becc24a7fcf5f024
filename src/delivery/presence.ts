import { forAll } from "../content/concurrency.ts";
import { algorithmOf, type Digest } from "../oci/digest.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";
import type { Run } from "../events.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import type { Receipt } from "./receipt.ts";

/**
 * Whether a target has an image, as far as that was looked into. `rewritten`: its tag is there and
 * stands for another digest than the one wanted.
 */
export type TargetPresence = "there" | "missing" | "rewritten" | "not asked";

/** By the full name of each image at the target. */
export type Presences = ReadonlyMap<string, TargetPresence>;

/** The digest that an image is to have behind its tag; undefined where any will do. */
export type WantedDigest = (image: Reference) => Digest | undefined;

const ANY_DIGEST: WantedDigest = () => undefined;

/** What a push has brought to the target, by its receipt. */
export function presenceByReceipt(
  images: readonly Reference[],
  { artifacts }: Pick<Receipt, "artifacts">,
  wanted = ANY_DIGEST,
): Presences {
  /** With the digest behind a tag. */
  const names = new Map<string, string>();
  for (const { target, pinned, blobs, result } of artifacts) {
    if (result === "failed" || result === "unfinished") continue;
    const [repository = "", tagged = ""] = pinned.split("@");
    // What was held back is there under its digest alone.
    if (result !== "held") names.set(formatReference(parseReference(target)), tagged);
    for (const { digest } of blobs) names.set(`${repository}@${digest}`, digest);
  }
  return new Map(
    images.map((image) => [
      formatReference(image),
      behind(names.get(formatReference(pulled(image))), wantedBehind(image, wanted)),
    ]),
  );
}

/**
 * What an image is of which `found` stands under the name that a cluster asks for. Digests of two
 * algorithms do not say whether they are of the same.
 */
function behind(found: string | undefined, digest: Digest | undefined): TargetPresence {
  if (found === undefined) return "missing";
  if (digest === undefined || digest === found) return "there";
  return found.startsWith(`${algorithmOf(digest)}:`) ? "rewritten" : "not asked";
}

/** What is to stand behind a tag; a digest says itself what it stands for. */
function wantedBehind(image: Reference, wanted: WantedDigest): Digest | undefined {
  return image.digest === undefined ? wanted(image) : undefined;
}

/** Who is asked, and what is to stand behind tags there. */
export interface Asking {
  readonly access: RegistryAccess;
  readonly wanted?: WantedDigest | undefined;
}

/** Asks registries for images, each once. @throws RegistryError if one does not say */
export async function presenceByAsking(
  images: readonly Reference[],
  { access, wanted = ANY_DIGEST }: Asking,
  { signal, onEvent }: Run,
): Promise<Presences> {
  const pool = new RegistryPool(access, { side: "target", onEvent });
  const registries = new Set(images.map(({ registry }) => registry));
  try {
    await forAll([...registries], signal, (name, either) => pool.client(name).ping(either));
    const answers = await forAll(images, signal, async (image, either) => {
      const repository = pool.repository(image);
      const name = image.digest ?? image.tag ?? "latest";
      const like = wantedBehind(image, wanted);
      const find = async (asked: string): Promise<Digest | undefined> => {
        const options = { signal: either, like };
        const found = await repository.client.limit(() => repository.find(asked, options));
        return found?.digest;
      };
      const full = formatReference(image);
      const presence = behind(await find(name), like);
      if (presence !== "missing") return [full, presence] as const;
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
  { run, ...asking }: Asking & { run: Run },
): Promise<Presences> {
  const brought = presenceByReceipt(images, { artifacts }, asking.wanted);
  const others = images.filter((image) => brought.get(formatReference(image)) !== "there");
  return new Map([...brought, ...(await presenceByAsking(others, asking, run))]);
}
