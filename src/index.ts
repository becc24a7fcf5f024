export type { ErrorCode } from "./codes.ts";
export { defaults, type Defaults, type Environment } from "./defaults.ts";
export { DrayError, RegistryError, systemCode, unreadable, type ErrorKind } from "./errors.ts";
export type { DrayEvent, Listener, RunOptions } from "./events.ts";
export { hasErrors, type Finding, type FindingCode } from "./finding.ts";
export type { Presence } from "./intake/probe.ts";
export { VERSION } from "./version.ts";

export { pack, type PackOptions, type PackResult } from "./stories/pack.ts";
export type { DigestChange, PackPlan, PlannedChart, PlanItem } from "./intake/plan.ts";
export { verify, type VerifyReport } from "./stories/verify.ts";
export { validate } from "./content/validate.ts";
export type { Bytes, Source } from "./content/content.ts";
export type { LayoutGraph, Root } from "./content/graph.ts";
export { ImageLayout } from "./layout/layout.ts";
export { inspect, type InspectedArtifact, type InspectReport } from "./stories/inspect.ts";
export { unpack, type UnpackOptions, type UnpackResult } from "./stories/unpack.ts";
export { push, PushIncomplete, type PushOptions, type PushReport } from "./stories/push.ts";
export type { TransferTotals } from "./delivery/transfers.ts";
export { serve, type RunningRegistry, type ServeOptions } from "./stories/serve.ts";
export {
  images,
  type FoundImage,
  type ImagesOptions,
  type ImagesReport,
} from "./stories/images.ts";
export {
  check,
  type AbsentImage,
  type CheckedChart,
  type CheckOptions,
  type CheckReport,
} from "./stories/check.ts";
export { sign, type SignResult } from "./stories/sign.ts";
export { keygen, type KeygenResult } from "./stories/keygen.ts";
export { BundleRefused } from "./bundle/opened.ts";
export type { BundleOptions } from "./stories/open-bundle.ts";

export type { DiscoverySettings, ValueSet } from "./discover/chart-images.ts";
export type { ListDifference } from "./discover/compare-list.ts";
export type { DiscoveredImage, Evidence, ImageClass } from "./discover/discovery.ts";
export { parseNames, type GivenNames } from "./foreign/given-names.ts";
export type { ImageMode } from "./intake/recipe/image-wishes.ts";
export { parsePlatform, formatPlatform, type Platform } from "./oci/platform.ts";
export { parseReference, formatReference, type Reference } from "./oci/reference.ts";
export {
  fileRequest,
  parseImage,
  parseRecipe,
  recipeJsonSchema,
  type Recipe,
} from "./intake/recipe/recipe.ts";
export { formatChart, parseChart, type ChartRequest } from "./intake/recipe/chart-request.ts";
export { parseImageList } from "./intake/recipe/image-list.ts";
export { parseLock, type Lock } from "./intake/recipe/lock.ts";
export { MAP_MODES, parseMapRules, type MapMode, type Mapping } from "./delivery/mapping.ts";

export { isEncrypted, parsePrivateKey, type PrivateKey, type PublicKey } from "./trust/keys.ts";
export { readKeyFile, readPublicKey, readTrustFolder } from "./trust/folder.ts";
export type { TrustPolicy } from "./trust/policy.ts";

export type { ProvenanceOptions } from "./chart/provenance/check-provenance.ts";
export type { ChartAccess } from "./intake/sources.ts";
export { helmRepositories } from "./remote/chart-repository/helm-repositories.ts";
export type {
  KnownRepositories,
  RepositoryLogin,
} from "./remote/chart-repository/repository-login.ts";
export { authFile } from "./remote/registry/auth-file.ts";
export { DEFAULT_CONCURRENCY, type RegistryAccess } from "./remote/registry/access.ts";
export { firstOf, type CredentialStore } from "./remote/registry/credentials.ts";
