import { all } from "../../content/concurrency.ts";
import type { DrayError } from "../../errors.ts";
import { nameAt, type OpenedPlace } from "../mirrors/mirrored-repository.ts";
import { resolveOne, type Resolved } from "../resolve.ts";
import type { Sources } from "../sources.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { formatReference, type Reference } from "../../oci/reference.ts";
import { failedCheck, type HostTable } from "../../remote/preflight/host-table.ts";
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

/**
 * Asks every place of every image whether it lets it be pulled, and reads what it means. Of each
 * registry one blob is begun to be read: that shows where it keeps them.
 */
export async function checkSources(
  wanted: readonly Wanted[],
  sources: Sources,
  table: HostTable,
): Promise<Resolved[]> {
  const had = (await all(wanted.map((one) => checkOne(one, sources, table)))).flat();
  const byOrigin = new Map(had.map((one) => [one.origin.origin, one]));
  for (const one of byOrigin.values()) await beginBlob(one, sources, table);
  return had.map(({ resolved }) => resolved);
}

async function checkOne(
  { name, reference }: Wanted,
  sources: Sources,
  table: HostTable,
): Promise<Had[]> {
  const { signal } = sources.run;
  const failures: { place: OpenedPlace; error: DrayError }[] = [];
  let origin: URL | undefined;
  const registries = await sources.registries();
  for (const place of registries.places(reference)) {
    const { client } = place.repository;
    const error = await refusalOf(() => ask(place, signal), signal);
    table.add(client.origin, "source registry");
    if (error !== undefined) failures.push({ place, error });
    else {
      origin ??= client.origin;
      const about = formatReference(place.reference);
      table.note(client.origin, { check: "pull", verdict: "ok", about, detail: "may be pulled" });
    }
  }
  for (const { place, error } of failures) {
    const failed = failedCheck("pull", error, formatReference(place.reference));
    // Somebody else has it.
    const check = origin === undefined ? failed : { ...failed, verdict: "note" as const };
    table.note(place.repository.client.origin, check);
  }
  return origin === undefined ? [] : read({ name, reference }, { origin, sources, table });
}

function ask(place: OpenedPlace, signal: AbortSignal): Promise<unknown> {
  const { repository } = place;
  return repository.client.limit(() => repository.resolve(nameAt(place), { signal }));
}

async function read(
  { name, reference }: Wanted,
  { origin, sources, table }: { origin: URL; sources: Sources; table: HostTable },
): Promise<Had[]> {
  const had: Had[] = [];
  const error = await refusalOf(async () => {
    had.push({ resolved: await resolveOne({ name, reference, platforms: [] }, sources), origin });
  }, sources.run.signal);
  if (error !== undefined) table.note(origin, failedCheck("pull", error, name));
  return had;
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
