import { authored, type Authored } from "../content/memory.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { Annotation } from "../oci/image-layout.ts";
import type { ImageManifest } from "../oci/manifest.ts";
import { MediaType } from "../oci/media-type.ts";
import type { ChartMetadata } from "./chart-yaml.ts";

/** A chart as an OCI artifact: the manifest and the blobs that it needs. */
export interface OciChart {
  readonly manifest: Authored;
  /** Config, chart and, where there is one, provenance. */
  readonly blobs: readonly Authored[];
}

/**
 * Makes of a packed chart what `helm push` makes of it, with one difference: the time of creation is
 * given, not taken from the file, so that the same chart has the same digest everywhere.
 * https://helm.sh/docs/topics/registries/#helm-chart-manifest
 */
export function toOciChart(
  metadata: ChartMetadata,
  { tgz, provenance, created }: { tgz: Buffer; provenance?: Buffer | undefined; created: Date },
): OciChart {
  const config = authored(MediaType.helmConfig, Buffer.from(JSON.stringify(configOf(metadata))));
  const layers = [authored(MediaType.helmChart, tgz)];
  if (provenance !== undefined) layers.push(authored(MediaType.helmProvenance, provenance));
  layers.sort((a, b) => (a.descriptor.digest < b.descriptor.digest ? -1 : 1));
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: annotationsOf(metadata, created),
  };
  return {
    manifest: authored(MediaType.ociManifest, Buffer.from(JSON.stringify(manifest))),
    blobs: [config, ...layers],
  };
}

/** The chart and provenance layers of a chart manifest; layers stand in any order. */
export function chartLayers(manifest: ImageManifest): {
  chart: Descriptor | undefined;
  provenance: Descriptor | undefined;
} {
  const find = (...types: string[]): Descriptor | undefined =>
    manifest.layers.find(({ mediaType }) => types.includes(mediaType));
  return {
    chart: find(MediaType.helmChart, MediaType.helmChartLegacy),
    provenance: find(MediaType.helmProvenance),
  };
}

export function isChart(manifest: ImageManifest): boolean {
  return manifest.config.mediaType === MediaType.helmConfig;
}

/** Chart.yaml as JSON, without what is not set. */
function configOf(metadata: ChartMetadata): object {
  const { deprecated, ...rest } = metadata;
  const set = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return { ...Object.fromEntries(set), ...(deprecated === "true" ? { deprecated: true } : {}) };
}

function annotationsOf(metadata: ChartMetadata, created: Date): Record<string, string> {
  const authors = (metadata.maintainers ?? []).map(({ name, email }) =>
    email ? `${name ?? ""} (${email})` : (name ?? ""),
  );
  const known: Record<string, string | null | undefined> = {
    [Annotation.created]: created.toISOString().replace(/\.000Z$/, "Z"),
    [Annotation.description]: metadata.description,
    [Annotation.url]: metadata.home,
    [Annotation.source]: metadata.sources?.[0],
    [Annotation.authors]: authors.join(", "),
    ...metadata.annotations,
    [Annotation.title]: metadata.name,
    [Annotation.version]: metadata.version,
  };
  return Object.fromEntries(
    Object.entries(known)
      .filter((entry): entry is [string, string] => Boolean(entry[1]))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
