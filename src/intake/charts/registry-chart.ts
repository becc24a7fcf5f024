import type { Sources } from "../sources.ts";
import type { FetchedChart } from "./fetched-chart.ts";
import { MAX_CHART_BYTES, readChartArchive } from "../../chart/chart-archive.ts";
import { chartTag, versionOfTag } from "../../chart/chart-yaml.ts";
import {
  chooseVersion,
  isExactVersion,
  isRange,
  noSuchVersion,
} from "../../chart/choose-version.ts";
import { chartLayers, isChart } from "../../chart/oci-chart.ts";
import { readVerified } from "../../content/verify.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestOf } from "../../oci/digest.ts";
import { formatReference, isTag, type Reference } from "../../oci/reference.ts";
import { formatChart, type ChartRequest } from "../recipe/chart-request.ts";
import { lockedChart } from "../recipe/lock.ts";
import { readStored, resolveOne, type Resolved } from "../resolve.ts";

type Request = Extract<ChartRequest, { kind: "oci" }>;

/**
 * A chart that is an artifact in a registry.
 * @throws DrayError `DRAY_CHART_VERSION_MISSING`, `DRAY_CHART_INVALID`, and whatever a registry says
 */
export async function findRegistryChart(request: Request, sources: Sources): Promise<FetchedChart> {
  const { registry, repository, digest } = request;
  const chosen = isOpen(request) ? await chooseTag(request, sources) : undefined;
  const tag = chosen ?? tagOf(request.version);
  const reference = {
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
  const what = formatReference(reference);
  const resolved = await resolveOne({ name: what, reference, platforms: [] }, sources);
  const layers = layersOf(resolved);
  const tgz = await readLayer(layers.chart, resolved, sources);
  const { provenance } = layers;
  const { files, metadata } = await readChartArchive(tgz, what);
  return {
    what,
    files,
    tgz,
    provenance: provenance && (await readLayer(provenance, resolved, sources)),
    resolved,
    pin: chosen === undefined ? undefined : { version: metadata.version, digest: digestOf(tgz) },
  };
}

/** True if it has to be asked which version is meant. */
function isOpen({ version, digest }: Request): boolean {
  if (digest !== undefined) return false;
  if (version === undefined || !isTag(chartTag(version))) return true;
  // What is a tag and no range can only be that tag.
  return isRange(version) && !isExactVersion(version);
}

function repositoryOf({ registry, repository }: Request): Reference {
  return { registry, repository };
}

function tagOf(version: string | undefined): string | undefined {
  return version === undefined ? undefined : chartTag(version);
}

async function chooseTag(request: Request, { registries, lock, run }: Sources): Promise<string> {
  const text = formatChart(request);
  if (lock !== undefined) return chartTag(lockedChart(lock, text).version);
  const repository = (await registries()).repository(repositoryOf(request));
  const tags = await repository.tags(run.signal);
  const versions = tags.map(versionOfTag);
  const { version: wanted } = request;
  const version = chooseVersion(versions, wanted);
  if (version !== undefined) return chartTag(version);
  throw noSuchVersion(request.repository, { where: request.registry, wanted, versions });
}

function layersOf({ name, root: { manifest } }: Resolved): {
  chart: Descriptor;
  provenance: Descriptor | undefined;
} {
  const layers =
    manifest.kind === "manifest" && isChart(manifest) ? chartLayers(manifest) : undefined;
  if (layers?.chart !== undefined) return { ...layers, chart: layers.chart };
  throw new DrayError("DRAY_CHART_INVALID", `Cannot pack ${name}: it is no Helm chart`, {
    kind: "refused",
    hint: "Images and other artifacts go under images.",
  });
}

/** A layer is read whole, and then it need not come a second time. */
async function readLayer(
  descriptor: Descriptor,
  { source, limit }: Resolved,
  { store, run }: Sources,
): Promise<Buffer> {
  const maxBytes = MAX_CHART_BYTES;
  const bytes =
    (await readStored(store, descriptor, { maxBytes })) ??
    (await limit(() => readVerified(source, descriptor, { maxBytes, signal: run.signal })));
  source.keep({ descriptor, bytes });
  return bytes;
}
