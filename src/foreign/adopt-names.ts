import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { ForeignRoot } from "./foreign-content.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { GivenNames } from "./given-names.ts";

/** An image or chart that others have packed, and its name. */
export interface NamedRoot {
  readonly descriptor: Descriptor;
  /** The full reference; undefined where nobody has named it. */
  readonly name: string | undefined;
  /** The same where it names a registry, in its parts. */
  readonly reference?: Reference | undefined;
  /** The tag that it has without a name. */
  readonly tag?: string | undefined;
  /** It stands there by its digest, whether or not something else there holds it. */
  readonly isByDigest?: boolean | undefined;
  /** What it is about, where that does not stand in itself. */
  readonly subject?: Digest | undefined;
  /** What people may know it by. */
  readonly hints: readonly string[];
  /** The index or archive that it stands in. */
  readonly place: string;
}

/**
 * Names what was found: what the user says counts more than what the archive says. A name for a
 * thing that is not there is a mistake.
 *
 * @throws DrayError `DRAY_NAME_UNUSED`
 */
export function nameRoots(
  roots: readonly ForeignRoot[],
  { byDigest, repository }: GivenNames,
): NamedRoot[] {
  const used = new Set<Digest>();
  const named = roots.flatMap((root) => {
    for (const digest of [root.descriptor.digest, root.alias]) {
      const given = digest === undefined ? undefined : byDigest.get(digest);
      if (digest === undefined || given === undefined) continue;
      used.add(digest);
      return given.map((reference) => withName(rootWithoutName(root), reference));
    }
    const { name } = root;
    if (name.kind === "reference") return withName(rootWithoutName(root), name.reference);
    if (name.kind !== "tag" || repository === undefined) return rootWithoutName(root);
    return withName(rootWithoutName(root), { ...repository, tag: name.tag });
  });
  const unused = [...byDigest.keys()].find((digest) => !used.has(digest));
  if (unused === undefined) return named;
  throw new DrayError(
    "DRAY_NAME_UNUSED",
    `Cannot name ${unused}: no image of this digest is there`,
    {
      kind: "usage",
      hint: "`dray inspect` lists the digests.",
    },
  );
}

function rootWithoutName({ descriptor, alias, name, place, isByDigest }: ForeignRoot): NamedRoot {
  const tag = name.kind === "tag" ? name.tag : undefined;
  const hint = name.kind === "none" ? name.hint : tag;
  return {
    descriptor,
    name: undefined,
    tag,
    isByDigest,
    hints: [
      ...(hint === undefined ? [] : [JSON.stringify(hint)]),
      ...(alias === undefined ? [] : [`image id ${alias}`]),
    ],
    place,
  };
}

/** The same under a name. */
export function withName<T extends NamedRoot>(root: T, reference: Reference): T {
  return { ...root, name: formatReference(reference), reference };
}

/** What is wrong with names: none at all, one for two things, or one that says another digest. */
export function checkNames(
  named: readonly NamedRoot[],
  { isNameNeeded }: { isNameNeeded: boolean },
): Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<string, NamedRoot>();
  for (const root of named) {
    const { name, reference, descriptor } = root;
    const pinned = reference?.digest;
    if (name === undefined) {
      findings.push(unnamed(root, isNameNeeded));
      continue;
    }
    if (pinned !== undefined && pinned !== descriptor.digest) {
      findings.push(wronglyPinned(name, root));
    }
    const other = taken.get(name);
    if (other !== undefined && other.descriptor.digest !== descriptor.digest) {
      findings.push(ambiguous(name, other, root));
    }
    taken.set(name, root);
  }
  return findings;
}

function unnamed({ descriptor, hints, place }: NamedRoot, isError: boolean): Finding {
  const { digest } = descriptor;
  const known = hints.length === 0 ? "" : ` (${hints.join(", ")})`;
  return {
    code: "NAME_MISSING",
    severity: isError ? "error" : "warning",
    entry: digest,
    message: `${digest}${known} has no name in ${place} that says a repository`,
    hint: `Name it: --rename ${digest}=REGISTRY/REPOSITORY:TAG; or all at once: --repository REGISTRY/REPOSITORY`,
  };
}

function wronglyPinned(name: string, { descriptor }: NamedRoot): Finding {
  return {
    code: "NAME_PINNED",
    severity: "error",
    entry: name,
    message: `${name} is pinned to another digest than what is there: ${descriptor.digest}`,
    hint: "Name it without a digest, or get it as an OCI layout, which keeps digests.",
  };
}

function ambiguous(name: string, one: NamedRoot, other: NamedRoot): Finding {
  const [a, b] = [one, other].map(({ descriptor, place }) => `${descriptor.digest} in ${place}`);
  return {
    code: "NAME_AMBIGUOUS",
    severity: "error",
    entry: name,
    message: `${name} means two things: ${a} and ${b}`,
    hint: `Give one another name: --rename ${other.descriptor.digest}=REFERENCE`,
  };
}
