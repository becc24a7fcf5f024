/** `dray/oci`: the OCI specifications as types and parsers, without any I/O. */
export { DrayError, type DrayErrorOptions, type ErrorKind } from "../errors.ts";
export type { ErrorCode } from "../codes.ts";
export { formatReference, parseReference, type Reference } from "./reference.ts";
export {
  algorithmOf,
  digestOf,
  encodedOf,
  parseDigest,
  type Digest,
  type DigestAlgorithm,
} from "./digest.ts";
export type { Descriptor } from "./descriptor.ts";
export {
  isImageConfigType,
  isIndexType,
  isManifestType,
  isNonDistributableType,
  MANIFEST_TYPES,
  MediaType,
} from "./media-type.ts";
export {
  parseManifest,
  successorsOf,
  type ImageIndex,
  type ImageManifest,
  type Manifest,
  type ManifestBase,
} from "./manifest.ts";
export {
  formatPlatform,
  matchesPlatform,
  parseConfigPlatform,
  parsePlatform,
  type Platform,
} from "./platform.ts";
export { Annotation, blobPath, formatIndexFile, parseIndexFile } from "./image-layout.ts";
