import { DrayError } from "./errors.ts";
import type { Finding } from "./finding.ts";
import type { ForeignRoot } from "./foreign/foreign-content.ts";
import type { Descriptor } from "./oci/descriptor.ts";
import { parseDigest, type Digest } from "./oci/digest.ts";
import { formatReference, parseReference, type Reference } from "./oci/reference.ts";

/** What the user says that something is called, by digest. */
export type GivenNames = ReadonlyMap<Digest, Reference>;

/** Reads `DIGEST=REFERENCE`, one or more. @throws DrayError `DRAY_NAME_INVALID` */
export function parseNames(texts: readonly string[]): GivenNames {
  const names = new Map<Digest, Reference>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    try {
      const digest = parseDigest(text.slice(0, Math.max(0, equals)));
      if (names.has(digest)) throw invalidName(text, "this digest has a name already");
      names.set(digest, parseReference(text.slice(equals + 1)));
    } catch (error) {
      if (!(error instanceof DrayError) || error.code === "DRAY_NAME_INVALID") throw error;
      throw invalidName(text, error.message);
    }
  }
  return names;
}

function invalidName(text: string, reason: string): DrayError {
  return new DrayError("DRAY_NAME_INVALID", `Cannot read name ${JSON.stringify(text)}: ${reason}`, {
    kind: "usage",
    hint: "Write DIGEST=REFERENCE, such as sha256:…=registry.example.com/team/app:1.0.",
  });
}

/** Something that was found, and its name. */
export interface Candidate {
  readonly descriptor: Descriptor;
  /** The full reference; undefined where nobody has named it. */
  readonly name: string | undefined;
  /** The digest that is part of the name. */
  readonly pinned?: Digest | undefined;
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
export function nameRoots(roots: readonly ForeignRoot[], names: GivenNames): Candidate[] {
  const used = new Set<Digest>();
  const candidates = roots.map((root) => {
    const digest = [root.descriptor.digest, root.alias].find(
      (known) => known !== undefined && names.has(known),
    );
    if (digest === undefined) return candidateOf(root, undefined);
    used.add(digest);
    return candidateOf(root, names.get(digest));
  });
  const unused = [...names.keys()].find((digest) => !used.has(digest));
  if (unused === undefined) return candidates;
  throw new DrayError(
    "DRAY_NAME_UNUSED",
    `Cannot name ${unused}: no image of this digest is there`,
    {
      kind: "usage",
      hint: "`dray inspect` lists the digests.",
    },
  );
}

function candidateOf(
  { descriptor, alias, name, place }: ForeignRoot,
  given: Reference | undefined,
): Candidate {
  const reference = given ?? (name.kind === "reference" ? name.reference : undefined);
  const hint = name.kind === "none" ? name.hint : undefined;
  return {
    descriptor,
    name: reference === undefined ? undefined : formatReference(reference),
    pinned: reference?.digest,
    hints: [
      ...(hint === undefined ? [] : [JSON.stringify(hint)]),
      ...(alias === undefined ? [] : [`image id ${alias}`]),
    ],
    place,
  };
}

/** What is wrong with names: none at all, one for two things, or one that says another digest. */
export function checkNames(
  candidates: readonly Candidate[],
  { isNameNeeded }: { isNameNeeded: boolean },
): Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const { name, pinned, descriptor } = candidate;
    if (name === undefined) {
      findings.push(unnamed(candidate, isNameNeeded));
      continue;
    }
    if (pinned !== undefined && pinned !== descriptor.digest) {
      findings.push(wronglyPinned(name, candidate));
    }
    const other = taken.get(name);
    if (other !== undefined && other.descriptor.digest !== descriptor.digest) {
      findings.push(ambiguous(name, other, candidate));
    }
    taken.set(name, candidate);
  }
  return findings;
}

function unnamed({ descriptor, hints, place }: Candidate, isError: boolean): Finding {
  const { digest } = descriptor;
  const known = hints.length === 0 ? "" : ` (${hints.join(", ")})`;
  return {
    code: "NAME_MISSING",
    severity: isError ? "error" : "warning",
    entry: digest,
    message: `${digest}${known} has no name in ${place} that says a repository`,
    hint: `Name it: --name ${digest}=REGISTRY/REPOSITORY:TAG`,
  };
}

function wronglyPinned(name: string, { descriptor }: Candidate): Finding {
  return {
    code: "NAME_PINNED",
    severity: "error",
    entry: name,
    message: `${name} is pinned to another digest than what is there: ${descriptor.digest}`,
    hint: "Name it without a digest, or get it as an OCI layout, which keeps digests.",
  };
}

function ambiguous(name: string, one: Candidate, other: Candidate): Finding {
  const [a, b] = [one, other].map(({ descriptor, place }) => `${descriptor.digest} in ${place}`);
  return {
    code: "NAME_AMBIGUOUS",
    severity: "error",
    entry: name,
    message: `${name} means two things: ${a} and ${b}`,
    hint: `Give one another name: --name ${other.descriptor.digest}=REFERENCE`,
  };
}
