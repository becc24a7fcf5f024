import type { CarriedImages } from "../../delivery/carried.ts";
import type { Presences } from "../../delivery/presence.ts";
import { isNeeded } from "../../discover/discovery.ts";
import { formatReference, parseReference, type Reference } from "../../oci/reference.ts";
import type { ProvenImage } from "../proof.ts";
import type { Goal } from "../scene.ts";
import type { Repin } from "./pin-search.ts";

/** `digest`: images go by what was verified. `none`: those whose digest the target lacks go by their tag. */
export type PinMode = "digest" | "none";

/** Images that go by their tag though they were to be pinned, or the other way round. */
export interface ProvenPins {
  readonly mode: PinMode;
  readonly left: readonly {
    readonly image: string;
    readonly reason: string;
    readonly needed: boolean;
  }[];
}

/** What is known of digests. */
interface PinKnowledge {
  readonly carried: CarriedImages;
  /** Nothing of images of which nobody knows whether the target has them. */
  readonly ask: (images: readonly Reference[]) => Promise<Presences>;
}

/** The names that images are to have by `mode`. */
export async function repinsFor(
  mode: PinMode,
  goals: readonly Goal[],
  { carried, ask }: PinKnowledge,
): Promise<Repin> {
  if (mode === "digest") {
    return ({ reference, target }) => {
      if (target.digest !== undefined || target.tag === undefined) return undefined;
      const digest = carried.digestOf(reference);
      return digest === undefined ? undefined : { ...target, digest };
    };
  }
  const pinned = goals.map(({ target }) => target).filter(({ digest }) => digest !== undefined);
  const presences = await ask(pinned);
  return ({ target }) => {
    const { registry, repository, tag, digest } = target;
    if (digest === undefined || tag === undefined) return undefined;
    const isThere = presences.get(formatReference(target)) === "there";
    return isThere ? undefined : { registry, repository, tag };
  };
}

/** What is not as `mode` has it, and why. */
export function pinsLeft(
  mode: PinMode,
  images: readonly ProvenImage[],
  { carried, presences }: { readonly carried: CarriedImages; readonly presences: Presences },
): ProvenPins {
  const left = images.flatMap((one) => {
    const { tag, digest } = parseReference(one.target);
    if (!one.moved || (mode === "digest") === (digest !== undefined)) return [];
    if (mode === "none" && presences.get(one.target) === "there") return [];
    const reason =
      mode === "digest"
        ? carried.digestOf(parseReference(one.image)) === undefined
          ? "the bundle does not bring it, and so nobody has verified a digest"
          : "no value gives it its digest"
        : tag === undefined
          ? "it has no tag to go by"
          : "no value clears its digest";
    return [{ image: one.image, reason, needed: isNeeded(one) }];
  });
  return { mode, left };
}
