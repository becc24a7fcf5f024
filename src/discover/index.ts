/** `dray/images`: finds the images of a Helm chart, without Helm, a cluster or a network. */
export { DrayError, type DrayErrorOptions, type ErrorKind } from "../errors.ts";
export type { ErrorCode } from "../codes.ts";
export type { Digest } from "../oci/digest.ts";
export type { Reference } from "../oci/reference.ts";
export { findImages, type DiscoverySettings, type FindImagesOptions } from "./find-images.ts";
export type { ValueSet } from "../helm/values/user-values.ts";
export { compareWithList, type ListDifference } from "./image-lists.ts";
export {
  isNeeded,
  type DiscoveredImage,
  type Discovery,
  type Evidence,
  type EvidenceSource,
  type ImageClass,
  type Unknown,
} from "./discovery.ts";
