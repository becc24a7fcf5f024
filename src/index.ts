/** `dray`: the stories that commands tell, and what they are made of, for programs. docs/library.md */

// What every call shares: what a command gets from its user and machine, events, errors and findings.
export { defaults, type Defaults, type Environment } from "./defaults.ts";
export type { DrayEvent, Listener, MovingBlob, RunOptions, StageItem } from "./events.ts";
export {
  DrayError,
  RegistryError,
  systemCode,
  systemError,
  unreadable,
  unwritable,
  type DrayErrorOptions,
  type ErrorKind,
  type RegistryErrorOptions,
} from "./errors.ts";
export { isMissing, readSmallFile, type SmallFile } from "./content/small-file.ts";
export type { ErrorCode } from "./codes.ts";
export { hasErrors, type Finding, type FindingCode } from "./finding.ts";
export { VERSION } from "./version.ts";

// Names; the rest of the specification is in `dray/oci`.
export { formatReference, parseReference, type Reference } from "./oci/reference.ts";
export { formatPlatform, parsePlatform, type Platform } from "./oci/platform.ts";

// Who asks registries and chart repositories, and over which network.
export type { RegistryAccess, RepositoryMaker } from "./remote/registry/access.ts";
export type { NetworkAccess } from "./remote/http/network-access.ts";
export { RateLimit, type Lane } from "./remote/http/rate-limit.ts";
export { readCertificates } from "./remote/http/certificates.ts";
export {
  hostCertificates,
  type HostCertificates,
  type HostCertificateStore,
} from "./remote/http/host-certificates.ts";
export type { ProxyOptions } from "./remote/http/proxy.ts";
export type { PatienceOptions } from "./remote/http/patience.ts";
export type { Clock } from "./remote/http/clock.ts";
export type { RetryDelay } from "./remote/http/retry-delay.ts";
export { firstOf, type Credentials, type CredentialStore } from "./remote/registry/credentials.ts";
export { authFile } from "./remote/registry/auth-file.ts";
export type { HelperOptions } from "./remote/registry/credential-helper.ts";
export { withEcr, type EcrChoices } from "./remote/ecr/with-ecr.ts";
export { parseEcrHost, type EcrHost } from "./remote/ecr/ecr-host.ts";
export type { ChartAccess } from "./intake/sources.ts";
export { helmRepositories } from "./remote/chart-repository/helm-repositories.ts";
export type {
  KnownRepositories,
  RepositoryLogin,
} from "./remote/chart-repository/repository-login.ts";

// Content: where it is, the one copy, and what is wrong with it.
export { openRepository, type OpenedRepository } from "./remote/registry/open-repository.ts";
export { ImageLayout } from "./layout/layout.ts";
export type {
  Bytes,
  Content,
  ContentOptions,
  FetchOptions,
  OpenOptions,
  PushResult,
  Resend,
  SendOptions,
  Source,
  Target,
} from "./content/content.ts";
export { copy, type CopyOptions } from "./content/copy.ts";
export { validate } from "./content/validate.ts";
export type { GraphSource, LayoutGraph, Root } from "./content/graph.ts";

// The images of charts; `dray/images` finds them in one chart without anything else.
export {
  images,
  type FoundImage,
  type ImagesOptions,
  type ImagesReport,
  type ReadChart,
} from "./stories/images.ts";
export type { DiscoverySettings } from "./discover/find-images.ts";
export { isGiven, type ValuesFile, type ValueSet } from "./helm/values/user-values.ts";
export type { Release } from "./helm/render/built-in-objects.ts";
export type { Cluster } from "./helm/render/capabilities.ts";
export type { ListDifference } from "./discover/image-lists.ts";
export type { DiscoveredImage, Evidence, ImageClass, Unknown } from "./discover/discovery.ts";
export type { Presence } from "./intake/probe.ts";

// What a bundle is to be made of.
export { requireRecipeFiles } from "./intake/recipe/recipe-files.ts";
export {
  fileRequest,
  parseImage,
  parseRecipe,
  recipeJsonSchema,
  type FileRequest,
  type ImageRequest,
  type ToolRequest,
  type Recipe,
} from "./intake/recipe/recipe.ts";
export {
  formatChart,
  parseChart,
  type ChartOrigin,
  type ChartPlace,
  type ChartRequest,
  type ImageMode,
  type ImageWishes,
} from "./intake/recipe/chart-request.ts";
export {
  mirrorRule,
  parseMirror,
  type Mirror,
  type MirrorRule,
} from "./intake/mirrors/mirror-rule.ts";
export { registriesFor } from "./intake/mirrors/places.ts";
export { parseRegistriesConf, readRegistriesConf } from "./intake/mirrors/registries-conf.ts";
export { parseSkip, type ImageSkip, type KindSkip, type Skip } from "./intake/recipe/skip.ts";
export { parseImageList } from "./intake/recipe/image-list.ts";
export {
  lockJsonSchema,
  parseLock,
  type ChartPin,
  type Lock,
  type LockedReference,
} from "./intake/recipe/lock.ts";
export type { LockedReferrer, ReferrerChoice } from "./intake/recipe/locked-referrer.ts";
export type { LockedImage, LockedSearch } from "./intake/recipe/locked-search.ts";
export { parseNames, type GivenNames, type RepositoryName } from "./foreign/given-names.ts";

// Packing.
export { pack, type PackOptions, type PackResult } from "./stories/pack.ts";
export type { BundleName } from "./intake/bundle-name.ts";
export type { PackPlan, PlannedChart, PlanItem } from "./intake/plan.ts";
export type { PlannedDelta } from "./intake/planned-delta.ts";
export type { DigestChange } from "./intake/lock-of.ts";
export type { Vouching } from "./intake/surroundings.ts";
export type { ReferrerRole } from "./oci/referrer.ts";
export type { ProvenanceOptions } from "./chart/provenance/check-provenance.ts";
export type { WrittenBundle } from "./bundle/write-bundle.ts";

// Asking beforehand.
export { preflight, type PreflightOptions, type PreflightReport } from "./stories/preflight.ts";
export type { HostReport, HostRole, PreflightCheck } from "./remote/preflight/host-table.ts";
export { Contacts } from "./remote/http/contacts.ts";

// Keys: who signs, and whom one trusts.
export { keygen, requireNewKey, type KeyFiles, type KeygenResult } from "./stories/keygen.ts";
export { sign, type SignOptions, type SignResult } from "./stories/sign.ts";
export {
  isEncrypted,
  parsePrivateKey,
  type KeyKind,
  type PrivateKey,
  type PublicKey,
} from "./trust/keys.ts";
export type { SigningCommand, SigningKey } from "./trust/signing-command.ts";
export { isReadableByAll, readKeyFile, readPublicKey, readTrustFolder } from "./trust/folder.ts";
export type { TrustPolicy } from "./trust/policy.ts";
export type { IdentitySigner, ImageRule, KeySigner } from "./trust/images/image-rule.ts";
export type { CarriedRoot, RootPlace } from "./trust/images/root-file.ts";
export type { Wanted } from "./trust/images/name-pattern.ts";
export { PolicyRefused } from "./trust/images/judge.ts";

// A bundle that has arrived.
export {
  openBundle,
  type BundleHandle,
  type BundleOptions,
  type OpenBundleOptions,
} from "./stories/open-bundle.ts";
export {
  BundleRefused,
  requireUsable,
  type BundleIdentity,
  type BundleSource,
  type OpenedBundle,
  type OpenedFile,
  type UsableBundle,
} from "./bundle/opened.ts";
export type { BlobNeed } from "./bundle/join-bases.ts";
export type { LeftOut, OpenedDelta } from "./bundle/left-out.ts";
export { formatBase, type DeltaBase } from "./bundle/delta-document.ts";
export type { ContentNeed } from "./bundle/read-carrier.ts";
export type {
  ArtifactKind,
  BundleArtifact,
  ContentsDocument,
  ListedFile,
} from "./bundle/format.ts";
export type { Skipped, SkippedImage, SkippedKind } from "./bundle/skipped.ts";
export { verify, type VerifyOptions, type VerifyReport } from "./stories/verify.ts";
export {
  inspect,
  type InspectedArtifact,
  type InspectOptions,
  type InspectReport,
} from "./stories/inspect.ts";
export type { CarriedSbom } from "./report/find-sboms.ts";
export type { SbomPackage } from "./report/packages.ts";
export {
  check,
  type AbsentImage,
  type CheckedChart,
  type CheckOptions,
  type CheckReport,
} from "./stories/check.ts";
export type { RuntimeForm } from "./delivery/runtime-archive.ts";
export {
  unpack,
  type RuntimeArchives,
  type UnpackOptions,
  type UnpackResult,
} from "./stories/unpack.ts";
export { inventory, type InventoryOptions, type InventoryReport } from "./stories/inventory.ts";
export {
  inventoryJsonSchema,
  type Inventory,
  type InventoryBlob,
  type InventoryRepository,
} from "./delivery/inventory-document.ts";
export { diff, type DiffOptions, type DiffReport } from "./stories/diff.ts";
export { split, type SplitOptions, type SplitPart, type SplitResult } from "./stories/split.ts";
export type { WrittenPart } from "./archive/parts/write-parts.ts";
export { parsePartSize } from "./archive/parts/part-size.ts";
export type { Cut } from "./archive/parts/cut.ts";
export type { ReadBackFrom } from "./content/check-written.ts";
export type {
  ByteChange,
  ChartNeeds,
  ComparedItem,
  Changes,
  Comparison,
  ItemChange,
} from "./report/compare.ts";
export type { DiffSide, SideForm } from "./report/side.ts";
export { report, type ReportOptions } from "./stories/report.ts";
export { formatReport, type ReportForm } from "./report/report-file.ts";
export type {
  BundleReport,
  ContentBytes,
  ReportedBundle,
  ReportedChart,
  ReportedImage,
  ReportedReferrer,
} from "./report/bundle-report.ts";
export type { ReportedDelivery, ReportedPush } from "./report/pushes.ts";
export type { SharedBytes, Weight } from "./report/weights.ts";

// Bringing it into a registry, or being one.
export { push, type PushOptions, type PushReport } from "./stories/push.ts";
export { listRepositories, type RepositoryListOptions } from "./stories/list-repositories.ts";
export type { RepositoryList } from "./delivery/plan.ts";
export {
  copyAll,
  listCopiedRepositories,
  type CopyReport,
  type RecipeCopyOptions,
} from "./stories/copy.ts";
export type { GatheringOptions } from "./intake/gathering.ts";
export type { StockOptions } from "./intake/stock.ts";
export { PushIncomplete, type DeliveryReport } from "./delivery/incomplete.ts";
export type { Choice } from "./delivery/choose.ts";
export type { DeliveryOptions } from "./delivery/delivery-options.ts";
export type { DeliveryTerms } from "./delivery/deliver.ts";
export type { NewRepository } from "./delivery/rehearse.ts";
export { repoint, type RepointOptions } from "./stories/repoint.ts";
export type { RepointReport } from "./repoint/repoint-bundle.ts";
export { repointManifests, type RepointManifestsOptions } from "./stories/repoint-manifests.ts";
export type {
  ChangedImage,
  FilteredImage,
  FilteredManifests,
  LeftImage,
} from "./repoint/manifests/filter-manifests.ts";
export type { RepointTerms } from "./repoint/repoint-terms.ts";
export type { RepointedChart } from "./repoint/repoint-bundled.ts";
export type { ProvenEgress } from "./repoint/egress/proven-egress.ts";
export type { Egress } from "./repoint/egress/find-egress.ts";
export type { GitFlavor } from "./repoint/gitops/git-release.ts";
export type { NodeConnection } from "./repoint/node-trust.ts";
export type { PinMode, ProvenPins } from "./repoint/pins/repins.ts";
export type { PullLogin, PullSecretWish } from "./repoint/pull-secret-file.ts";
export type { Workload } from "./repoint/workloads.ts";
export type { ChartProof, PresentImage, ProvenSecret, ProvenValue } from "./repoint/proof-file.ts";
export type { ImagePlace, ProvenImage } from "./repoint/proof.ts";
export type { InsteadValue, Obstacle } from "./repoint/obstacles.ts";
export type { TargetPresence } from "./delivery/presence.ts";
export { audit, type AuditOptions, type AuditReport } from "./stories/audit.ts";
export type {
  BlobCount,
  Edition,
  PushedArtifact,
  PushedBlob,
  ArtifactResult,
  Receipt,
  ReceiptBundle,
  TransferTotals,
} from "./delivery/receipt.ts";
export { parseReceipt, receiptJsonSchema } from "./delivery/receipt-schema.ts";
export {
  MAP_MODES,
  parseMapRules,
  type MapMode,
  type MapRule,
  type Mapping,
} from "./delivery/mapping.ts";
export {
  NODE_RUNTIMES,
  parseTargetFile,
  requireNothingTrusted,
  targetJsonSchema,
  type NodeRuntime,
  type SourceSettings,
  type TargetFile,
} from "./delivery/target-file.ts";
export { requireTargetFiles, type NamingSettings } from "./delivery/target-files.ts";
export {
  login,
  logout,
  type LoginOptions,
  type LoginResult,
  type LogoutResult,
} from "./stories/login.ts";
export { serve, type RunningRegistry, type ServeOptions } from "./stories/serve.ts";
export type { ServedOptions } from "./stories/open-served.ts";
export type { TlsOptions } from "./server/http-server.ts";
