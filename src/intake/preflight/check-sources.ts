import { all } from "../../content/concurrency.ts";
import type { DrayError } from "../../errors.ts";
import { nameAt, type OpenedPlace } from "../mirrors/mirrored-repository.ts";
import { resolveOne, type Resolved } from "../resolve.ts";
import type { Sources } from "../sources.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";
import {
  failedCheck,
  type HostTable,
  type PreflightCheck,
} from "../../remote/preflight/host-table.ts";
import { refusalOf } from "../../remote/preflight/refusal.ts";

/** An image that a registry has to give. */
export interface Wanted {
  readonly name: string;
  readonly reference: Reference;
}

interface Had {
  readonly resolved: Resolved;
  /** Of the registry that it comes from. */
  readonly origin: URL;
}

/** What the places of one image have answered, which is told when all have. */
interface Answers {
  readonly had: readonly Had[];
  readonly notes: readonly { readonly origin: URL; readonly check?: PreflightCheck }[];
}

/**
 * Asks every place of every image whether it lets it be pulled, and reads what it means. Of each
 * registry one blob is begun to be read: that shows where it keeps them. Whoever answers first, what
 * is found stands in the order of the images.
 */
export async function checkSources(
  wanted: readonly Wanted[],
  sources: Sources,
  table: HostTable,
): Promise<Resolved[]> {
  const answers = await all(wanted.map((one) => checkOne(one, sources)));
  for (const { origin, check } of answers.flatMap(({ notes }) => notes)) {
    table.add(origin, "source registry");
    if (check !== undefined) table.note(origin, check);
  }
  const had = answers.flatMap((one) => one.had);
  const byOrigin = new Map(had.map((one) => [one.origin.origin, one]));
  for (const one of byOrigin.values()) await beginBlob(one, sources, table);
  return had.map(({ resolved }) => resolved);
}

async function checkOne({ name, reference }: Wanted, sources: Sources): Promise<Answers> {
  const { signal } = sources.run;
  const notes: { origin: URL; check?: PreflightCheck }[] = [];
  const failures: { place: OpenedPlace; error: DrayError }[] = [];
  let origin: URL | undefined;
  const registries = await sources.registries();
  for (const place of registries.places(reference)) {
    const { client } = place.repository;
    const error = await refusalOf(() => ask(place, signal), signal);
    if (error !== undefined) {
      failures.push({ place, error });
      notes.push({ origin: client.origin });
    } else {
      origin ??= client.origin;
      const about = formatReference(place.reference);
      const check = { check: "pull", verdict: "ok", about, detail: "may be pulled" } as const;
      notes.push({ origin: client.origin, check });
    }
  }
  for (const { place, error } of failures) {
    const failed = failedCheck("pull", error, formatReference(place.reference));
    // Somebody else has it.
    const check = origin === undefined ? failed : { ...failed, verdict: "note" as const };
    notes.push({ origin: place.repository.client.origin, check });
  }
  if (origin === undefined) return { had: [], notes };
  const from = origin;
  const { resolved, failed } = await read({ name, reference }, sources);
  if (failed !== undefined) notes.push({ origin: from, check: failed });
  return { had: resolved.map((one) => ({ resolved: one, origin: from })), notes };
}

function ask(place: OpenedPlace, signal: AbortSignal): Promise<unknown> {
  const { repository } = place;
  return repository.client.limit(() => repository.resolve(nameAt(place), { signal }));
}

/** What an image means; told is why that cannot be read. */
async function read(
  { name, reference }: Wanted,
  sources: Sources,
): Promise<{ readonly resolved: readonly Resolved[]; readonly failed?: PreflightCheck }> {
  const resolved: Resolved[] = [];
  const error = await refusalOf(async () => {
    resolved.push(await resolveOne({ name, reference, platforms: [] }, sources));
  }, sources.run.signal);
  return error === undefined
    ? { resolved }
    : { resolved, failed: failedCheck("pull", error, name) };
}

/** The smallest blob, and no more of it than comes at once. */
async function beginBlob(
  { resolved: { name, source, graph, limit }, origin }: Had,
  { run: { signal } }: Sources,
  table: HostTable,
): Promise<void> {
  const [smallest] = [...graph.reachable.values()]
    .filter((one) => !isManifestType(one.mediaType) && !source.holds(one))
    .toSorted((a, b) => a.size - b.size);
  if (smallest === undefined) return;
  const begin = async (): Promise<void> => {
    for await (const chunk of source.fetch(smallest, { signal })) if (chunk.length > 0) break;
  };
  const error = await refusalOf(() => limit(begin), signal);
  if (error !== undefined) table.note(origin, failedCheck("pull", error, `a layer of ${name}`));
}
