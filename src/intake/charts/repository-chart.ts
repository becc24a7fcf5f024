import type { ChartRepository } from "../../remote/chart-repository/chart-repository.ts";
import type { IndexEntry } from "../../remote/chart-repository/repository-index.ts";
import type { Sources } from "../sources.ts";
import type { FetchedChart } from "./fetched-chart.ts";
import {
  MAX_CHART_BYTES,
  MAX_PROVENANCE_BYTES,
  readChartArchive,
} from "../../chart/chart-archive.ts";
import { chooseVersion, noSuchVersion } from "../../chart/choose-version.ts";
import { DrayError } from "../../errors.ts";
import { digestOf } from "../../oci/digest.ts";
import { formatChart, parseChart, type ChartRequest } from "../recipe/chart-request.ts";
import { lockedChart } from "../recipe/lock.ts";
import { findRegistryChart } from "./registry-chart.ts";

type Request = Extract<ChartRequest, { kind: "repository" }>;

/**
 * A chart that the index of a chart repository names.
 * @throws DrayError `DRAY_CHART_VERSION_MISSING`, `DRAY_CHART_MISMATCH`, `DRAY_CHART_INVALID`, and
 * whatever the repository says
 */
export async function findRepositoryChart(
  request: Request,
  sources: Sources,
): Promise<FetchedChart> {
  const { lock, run } = sources;
  const locked = lock === undefined ? undefined : lockedChart(lock, formatChart(request));
  const repositories = await sources.repositories();
  const repository = await repositories.open(request.repository);
  const versions = await repository.versions(request.name, run.signal);
  const version = locked?.version ?? request.version;
  const entry = chooseEntry(versions, { name: request.name, version, where: repository.name });
  const what = `${request.name} ${entry.version} of ${repository.name}`;
  const place = { what, repository, sources };
  const wanted = locked?.digest ?? entry.digest;
  const { tgz, provenance, resolved } = await fetchExpected(entry, wanted, place);
  const digest = digestOf(tgz);
  const { files, metadata } = await readChartArchive(tgz, what);
  if (metadata.name !== request.name) {
    throw mismatch(what, { wanted: request.name, found: metadata.name });
  }
  return { what, files, tgz, provenance, resolved, pin: { version: entry.version, digest } };
}

/** The same version may stand there twice: the first one counts, as for Helm. */
function chooseEntry(
  entries: readonly IndexEntry[],
  { name, version, where }: { name: string; version: string | undefined; where: string },
): IndexEntry {
  const versions = entries.map((entry) => entry.version);
  const chosen = chooseVersion(versions, version);
  const entry = entries.find((one) => one.version === chosen);
  if (entry !== undefined) return entry;
  throw noSuchVersion(name, { where, wanted: version, versions });
}

interface Place {
  readonly what: string;
  readonly repository: ChartRepository;
  readonly sources: Sources;
}

type Fetched = Pick<FetchedChart, "provenance" | "resolved"> & { readonly tgz: Buffer };

/** The chart with the digest that is wanted. What may have been damaged on its way comes once more. */
async function fetchExpected(
  entry: IndexEntry,
  wanted: string | undefined,
  place: Place,
): Promise<Fetched> {
  const first = await fetchEntry(entry, place);
  if (wanted === undefined || digestOf(first.tgz) === wanted) return first;
  const second = await fetchEntry(entry, place);
  const found = digestOf(second.tgz);
  if (found !== wanted) throw mismatch(place.what, { wanted, found });
  return second;
}

/** Tries one address after another; what is said of the first is thrown when none is good. */
async function fetchEntry({ urls }: IndexEntry, place: Place): Promise<Fetched> {
  const failures: DrayError[] = [];
  for (const url of urls) {
    try {
      return await fetchFrom(url, place);
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first !== undefined) throw first;
  throw mismatch(place.what, { wanted: "an address to fetch it from", found: "none" });
}

async function fetchFrom(url: string, { what, repository, sources }: Place): Promise<Fetched> {
  if (url.startsWith("oci://")) return fetchFromRegistry(url, { what, sources });
  const { signal } = sources.run;
  const tgz = await repository.download(url, { maxBytes: MAX_CHART_BYTES, signal });
  const provenance = await repository.provenance(url, { maxBytes: MAX_PROVENANCE_BYTES, signal });
  return { tgz, provenance, resolved: undefined };
}

/** Some repositories are only an index by now, and their charts are in a registry. */
async function fetchFromRegistry(
  url: string,
  { what, sources }: Pick<Place, "what" | "sources">,
): Promise<Fetched> {
  const request = parseChart(url);
  if (request.kind !== "oci" || request.version === undefined) {
    throw mismatch(what, { wanted: "a version in its address", found: url });
  }
  const { tgz, provenance, resolved } = await findRegistryChart(request, sources);
  if (tgz === undefined) throw new Error("a chart in a registry is packed");
  return { tgz, provenance, resolved };
}

function mismatch(what: string, { wanted, found }: { wanted: string; found: string }): DrayError {
  return new DrayError(
    "DRAY_CHART_MISMATCH",
    `Cannot use chart ${what}: expected ${wanted}, found ${found}`,
    { kind: "refused" },
  );
}
