import { chartReference } from "../bundle/artifact.ts";
import type { ArtifactKind } from "../bundle/format.ts";
import { chartTag } from "../chart/chart-yaml.ts";
import { DrayError } from "../errors.ts";
import { algorithmOf, encodedOf, type Digest } from "../oci/digest.ts";
import { parseReference, repositoryProblem } from "../oci/reference.ts";
import { mapChart, mapRepository, type Mapping } from "./mapping.ts";

/** Where a bundle goes: `registry.example.com:5000/mirror`. */
export interface PushTarget {
  readonly registry: string;
  /** Path before every repository, `""` for none. */
  readonly prefix: string;
}

/** Where a bundle goes, and by which rules names change on the way. */
export interface Destination {
  readonly target: PushTarget;
  readonly mapping: Mapping;
  /** Give a tag to what is pinned by digest alone too. @default false */
  readonly keepTags?: boolean | undefined;
}

/** An artifact, by what its name at a target depends on. */
export interface Nameable {
  readonly kind: ArtifactKind;
  readonly reference: string;
  readonly digest: string;
  /** Of charts, as they call themselves; of what is about a chart the name of that. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Of referrers: what they are about. */
  readonly subject?: Digest | undefined;
}

/** What an artifact is called at a target. */
export interface TargetName {
  readonly repository: string;
  /** Undefined for what was asked for by digest alone. */
  readonly tag: string | undefined;
  /** `registry/repository:tag` or `registry/repository@digest`. */
  readonly target: string;
  /** `registry/repository@digest` */
  readonly pinned: string;
}

/** The name of one artifact. @throws DrayError `DRAY_REFERENCE_INVALID` */
export function nameAt(item: Nameable, { target, mapping }: Destination): TargetName {
  const { path, tag } = mapped(item, mapping);
  const repository = target.prefix === "" ? path : `${target.prefix}/${path}`;
  const full = `${target.registry}/${repository}`;
  const pinned = `${full}@${item.digest}`;
  return { repository, tag, target: tag === undefined ? pinned : `${full}:${tag}`, pinned };
}

function mapped(item: Nameable, mapping: Mapping): { path: string; tag: string | undefined } {
  const { kind, reference, name, version } = item;
  if (kind === "referrer" && name !== undefined) {
    // What is about a chart goes where the chart goes.
    const source = parseReference(reference);
    return { path: mapChart({ name, source }, mapping), tag: source.tag };
  }
  if (kind !== "chart" || name === undefined || version === undefined) {
    const source = parseReference(reference);
    return { path: mapRepository(source, mapping), tag: source.tag };
  }
  // What did not come from a registry has no host.
  const isOwn = reference === chartReference({ name, version });
  const source = isOwn ? undefined : parseReference(reference);
  return { path: mapChart({ name, source }, mapping), tag: chartTag(version) };
}

/** What the tag of something that is pinned by digest alone has of its digest, and no more. */
const KEPT_DIGITS = 64;

/**
 * The tag that keeps what is pinned by digest alone from a registry's garbage collection. That of
 * referrers is `sha256-…`, and some registries take such a name for the digest.
 */
export function keepTag(digest: Digest): string {
  return `keep-${algorithmOf(digest)}-${encodedOf(digest).slice(0, KEPT_DIGITS)}`;
}

/** Why no registry takes these names: each alone, and two things that would get one. */
export function nameProblems(items: readonly Nameable[], destination: Destination): string[] {
  const { registry } = destination.target;
  const taken = new Map<string, Nameable>();
  const problems: string[] = [];
  for (const item of items) {
    const { reference } = item;
    const { repository, target } = nameAt(item, destination);
    const problem = repositoryProblem(repository, registry);
    if (problem !== undefined) problems.push(`${reference}: ${problem}`);
    const other = taken.get(target);
    // The same thing twice may get one name.
    if (other !== undefined && other.digest !== item.digest) {
      problems.push(`${other.reference} and ${reference} would both become ${target}`);
    }
    taken.set(target, item);
  }
  return problems;
}

/** @throws DrayError `DRAY_PLAN_INVALID`, with everything that is wrong */
export function requireNames(items: readonly Nameable[], destination: Destination): void {
  const problems = nameProblems(items, destination);
  if (problems.length === 0) return;
  throw new DrayError("DRAY_PLAN_INVALID", `Cannot plan the push:\n  ${problems.join("\n  ")}`, {
    kind: "usage",
    hint: "Try --map keep-host, a shorter prefix, or rules of your own with --map-file.",
  });
}
