import type { ErrorDocument } from "../../src/cli/failure.ts";
import type { KeygenDocument } from "../../src/cli/keygen-command.ts";
import type { ExplainedImages } from "../../src/cli/repoint-explain.ts";
import type { ServeDocument } from "../../src/cli/serve-command.ts";
import type { Printed } from "../../src/cli/document.ts";
import type { TakenSettings } from "../../src/cli/target-flags.ts";
import type {
  AuditReport,
  BundleReport,
  ChartProof,
  CheckReport,
  CopyReport,
  DiffReport,
  ImagesReport,
  InspectReport,
  InventoryReport,
  LoginResult,
  LogoutResult,
  PackResult,
  PreflightReport,
  PushReport,
  RepointReport,
  RepositoryList,
  SignResult,
  SplitResult,
  UnpackResult,
  VerifyReport,
} from "../../src/index.ts";
import type { MappingDocument } from "../../src/repoint/mapping-file.ts";

/** What pushing and copying print beside their reports. */
interface Delivered {
  /** Of a dry run: what the target file settles. */
  readonly targetFile?: TakenSettings;
  /** Why not all of it is there; the exit code is 4. */
  readonly error?: ErrorDocument["error"];
}

/** What dray prints with --json, by the name of the command, and the files that repoint writes. */
export interface Documents {
  /** What dray images --json prints. */
  readonly images: Printed<ImagesReport>;
  /** What dray pack --json prints. */
  readonly pack: Printed<PackResult>;
  /** What dray copy --json prints; the list of repositories with --list-repositories. */
  readonly copy: Printed<CopyReport & Delivered> | Printed<RepositoryList>;
  /** What dray preflight --json prints. */
  readonly preflight: Printed<PreflightReport>;
  /** What dray inspect --json prints. */
  readonly inspect: Printed<InspectReport>;
  /** What dray verify --json prints. */
  readonly verify: Printed<VerifyReport>;
  /** What dray check --json prints of a bundle, and of a registry with --receipt. */
  readonly check: Printed<CheckReport> | Printed<AuditReport>;
  /** What dray diff --json prints. */
  readonly diff: Printed<DiffReport>;
  /** What dray report --json prints, and writes into a .json. */
  readonly report: Printed<BundleReport>;
  /** What dray split --json prints. */
  readonly split: Printed<SplitResult>;
  /** What dray unpack --json prints. */
  readonly unpack: Printed<UnpackResult>;
  /** What dray sign --json prints. */
  readonly sign: Printed<SignResult>;
  /** What dray keygen --json prints. */
  readonly keygen: Printed<KeygenDocument>;
  /** What dray push --json prints; the list of repositories with --list-repositories. */
  readonly push: Printed<PushReport & Delivered> | Printed<RepositoryList>;
  /** What dray inventory --json prints; the file that it writes is inventory.schema.json. */
  readonly "inventory-report": Printed<InventoryReport>;
  /** What dray repoint --json prints; the images that were asked for with --explain. */
  readonly repoint: Printed<RepointReport> | Printed<ExplainedImages>;
  /** What dray serve --json prints once it listens. */
  readonly serve: Printed<ServeDocument>;
  /** What dray login --json prints. */
  readonly login: Printed<LoginResult>;
  /** What dray logout --json prints. */
  readonly logout: Printed<LogoutResult>;
  /** What every command prints with --json where it failed, was used wrongly or was interrupted. */
  readonly error: Printed<ErrorDocument>;
  /** CHART.proof.json of dray repoint. */
  readonly proof: ChartProof;
  /** mapping.json of dray repoint. */
  readonly mapping: MappingDocument;
}
