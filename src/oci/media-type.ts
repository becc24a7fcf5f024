/** https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md */
export const MediaType = {
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar",
  ociLayerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  ociEmpty: "application/vnd.oci.empty.v1+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  dockerSchema1: "application/vnd.docker.distribution.manifest.v1+json",
  dockerSchema1Signed: "application/vnd.docker.distribution.manifest.v1+prettyjws",
  helmConfig: "application/vnd.cncf.helm.config.v1+json",
  helmChart: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
  helmChartLegacy: "application/tar+gzip",
  helmProvenance: "application/vnd.cncf.helm.chart.provenance.v1.prov",
  /** Of a draft of 1.1; withdrawn before it was released. */
  ociArtifact: "application/vnd.oci.artifact.manifest.v1+json",
  octetStream: "application/octet-stream",
} as const;

const INDEX_TYPES: ReadonlySet<string> = new Set([MediaType.ociIndex, MediaType.dockerList]);
const IMAGE_MANIFEST_TYPES: ReadonlySet<string> = new Set([
  MediaType.ociManifest,
  MediaType.dockerManifest,
]);

/** Every manifest type that is understood, in the order a registry is asked for them. */
export const MANIFEST_TYPES: readonly string[] = [...INDEX_TYPES, ...IMAGE_MANIFEST_TYPES];

export function isIndexType(mediaType: string): boolean {
  return INDEX_TYPES.has(mediaType);
}

function isImageManifestType(mediaType: string): boolean {
  return IMAGE_MANIFEST_TYPES.has(mediaType);
}

/** True for what lives under `/manifests/` in a registry: image manifests and indexes. */
export function isManifestType(mediaType: string): boolean {
  return isIndexType(mediaType) || isImageManifestType(mediaType);
}

export function isSchema1Type(mediaType: string): boolean {
  return mediaType === MediaType.dockerSchema1 || mediaType === MediaType.dockerSchema1Signed;
}

export function isImageConfigType(mediaType: string): boolean {
  return mediaType === MediaType.ociConfig || mediaType === MediaType.dockerConfig;
}

/** Layers that their license keeps out of other registries: `…nondistributable…`, `…foreign…`. */
export function isNonDistributableType(mediaType: string): boolean {
  return (
    mediaType.startsWith("application/vnd.oci.image.layer.nondistributable.v1.") ||
    mediaType.startsWith("application/vnd.docker.image.rootfs.foreign.")
  );
}
