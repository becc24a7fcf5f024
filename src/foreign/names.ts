import { DrayError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { encodedOf } from "../oci/digest.ts";
import { Annotation } from "../oci/image-layout.ts";
import { isTag, parseReference, type Reference } from "../oci/reference.ts";
import type { ForeignRoot, NameClaim } from "./foreign-content.ts";

/** The name that a text is, if it is one. */
export function referenceClaim(text: string | undefined): NameClaim {
  if (text === undefined || text === "") return { kind: "none" };
  try {
    return { kind: "reference", reference: parseReference(text) };
  } catch (error) {
    if (!(error instanceof DrayError)) throw error;
    return { kind: "none", hint: text };
  }
}

/**
 * What an entry of `index.json` is called, in the order of trust: the full name that containerd and
 * Docker write, then `ref.name` where it is more than a tag. A tag names no repository.
 */
function annotatedClaim({ annotations = {} }: Descriptor): NameClaim {
  const full = referenceClaim(annotations[Annotation.containerdName]);
  if (full.kind === "reference") return full;
  const text = annotations[Annotation.refName];
  if (text === undefined) return full;
  return isTag(text) ? { kind: "tag", tag: text } : referenceClaim(text);
}

/** Where cosign and Hauler say what an entry of `index.json` is. */
const KIND = "kind";
const KINDS = /^dev\.(?:hauler|cosignproject\.cosign)\/(\w+)(?:\/.*)?$/;

/** The end of the tag that cosign keeps something under. */
const ATTACHED: Readonly<Record<string, string>> = { sigs: "sig", atts: "att", sboms: "sbom" };

/**
 * Names the entries of one `index.json`. Signatures and attestations stand there under the name of
 * their image, or with the one image of `cosign save` under none; the tag that they had is made of the
 * image's digest.
 */
export function namedRoots(entries: readonly Descriptor[], place: string): ForeignRoot[] {
  const all = entries.filter((entry) => ["image", "imageIndex"].includes(kindOf(entry) ?? ""));
  const images = new Map(all.map((entry) => [nameText(entry), entry]));
  // Of several without a name nobody knows which one it is about.
  if (all.filter((entry) => nameText(entry) === undefined).length > 1) images.delete(undefined);
  return entries.map((entry) => {
    const name = attachedClaim(entry, images) ?? annotatedClaim(entry);
    const { annotations: _, ...descriptor } = entry;
    return { descriptor, name, place };
  });
}

function attachedClaim(
  entry: Descriptor,
  images: ReadonlyMap<string | undefined, Descriptor>,
): NameClaim | undefined {
  const kind = kindOf(entry) ?? "";
  const suffix = ATTACHED[kind];
  if (suffix === undefined && kind !== "referrers") return undefined;
  const text = nameText(entry);
  const image = images.get(text);
  const tag = image && suffix && `sha256-${encodedOf(image.digest)}.${suffix}`;
  if (text === undefined && tag !== undefined) return { kind: "tag", tag };
  const claim = annotatedClaim(entry);
  if (claim.kind !== "reference") return undefined;
  const { registry, repository } = claim.reference;
  if (suffix === undefined) return pinned({ registry, repository }, entry);
  if (tag === undefined) return { kind: "none", hint: text };
  return { kind: "reference", reference: { registry, repository, tag } };
}

/** The name of what has no tag. */
function pinned(
  { registry, repository }: Pick<Reference, "registry" | "repository">,
  { digest }: Pick<Descriptor, "digest">,
): NameClaim {
  return { kind: "reference", reference: { registry, repository, digest } };
}

function kindOf({ annotations }: Descriptor): string | undefined {
  return KINDS.exec(annotations?.[KIND] ?? "")?.[1];
}

function nameText({ annotations }: Descriptor): string | undefined {
  return annotations?.[Annotation.containerdName] ?? annotations?.[Annotation.refName];
}
