export { DrayError, RegistryError, systemCode, type ErrorKind } from "./errors.ts";
export type { DrayEvent, Listener } from "./events.ts";
export { hasErrors, type Finding } from "./finding.ts";
export type { Presence } from "./probe.ts";
export { VERSION } from "./version.ts";

export { pack, type PackOptions, type PackResult } from "./pack.ts";
export type { DigestChange, PackPlan, PlannedChart, PlannedPart } from "./pack-plan.ts";
export { verify, type VerifyReport } from "./verify.ts";
export { validate } from "./content/validate.ts";
export type { Bytes, Source } from "./content/content.ts";
export type { LayoutGraph, Root } from "./content/graph.ts";
export { ImageLayout } from "./layout/layout.ts";
export { inspect, type InspectedArtifact, type InspectReport } from "./inspect.ts";
export { unpack, type UnpackResult } from "./unpack.ts";
export { push, PushIncomplete, type PushOptions, type PushReport } from "./push.ts";
export type { TransferTotals } from "./transfers.ts";
export { serve, type RunningRegistry, type ServeOptions } from "./serve.ts";
export { images, type FoundImage, type ImagesOptions, type ImagesReport } from "./images.ts";
export {
  check,
  type AbsentImage,
  type CheckedChart,
  type CheckOptions,
  type CheckReport,
} from "./check.ts";
export { sign, type SignResult } from "./sign.ts";
export { keygen, type KeygenResult } from "./keygen.ts";
export { BundleRefused, type BundleOptions } from "./with-bundle.ts";

export type { DiscoverySettings } from "./chart-images.ts";
export type { ListDifference } from "./chart/discover/compare-list.ts";
export type { DiscoveredImage, Evidence, ImageClass } from "./chart/discover/discovery.ts";
export { findProgram } from "./chart/find-program.ts";
export { parseNames, type GivenNames } from "./recipe/given-names.ts";
export type { ImageMode, ValueSet } from "./recipe/image-wishes.ts";
export { parsePlatform, formatPlatform, type Platform } from "./oci/platform.ts";
export { parseReference, formatReference, type Reference } from "./oci/reference.ts";
export {
  fileRequest,
  parseImage,
  parseRecipe,
  recipeJsonSchema,
  type Recipe,
} from "./recipe/recipe.ts";
export { formatChart, parseChart, type ChartRequest } from "./recipe/chart-request.ts";
export { parseImageList } from "./recipe/image-list.ts";
export { parseLock, type Lock } from "./recipe/lock.ts";
export { MAP_MODES, parseMapRules, type MapMode, type Mapping } from "./recipe/mapping.ts";

export { isEncrypted, parsePrivateKey, type PrivateKey, type PublicKey } from "./trust/keys.ts";
export { readKeyFile, readPublicKey, readTrustFolder } from "./trust/folder.ts";
export type { TrustPolicy } from "./trust/policy.ts";

export type { ProvenanceOptions } from "./check-provenance.ts";
export type { ChartAccess } from "./chart-sources.ts";
export { helmRepositories } from "./chart-repository/helm-repositories.ts";
export type { KnownRepositories, RepositoryLogin } from "./chart-repository/known-repositories.ts";
export { authFile } from "./registry/auth-file.ts";
export { DEFAULT_CONCURRENCY, type RegistryOptions } from "./registry/client.ts";
export { firstOf, type CredentialStore } from "./registry/credentials.ts";
