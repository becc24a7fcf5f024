import type { NodeRuntime } from "../delivery/target-file.ts";
import type { DiscoverySettings } from "../discover/find-images.ts";
import type { ValueSet } from "../helm/values/user-values.ts";
import type { GitFlavor } from "./gitops/git-release.ts";
import type { NodeConnection } from "./node-trust.ts";
import type { PinMode } from "./pins/repins.ts";
import type { PullSecretWish } from "./pull-secret-file.ts";

/** What somebody says of repointing, whatever has brought the images to the target. */
export interface RepointTerms {
  /** Directory that the files are written to. @default nothing is written */
  readonly output?: string | undefined;
  /** Find and prove the values, say what would be written where, and write nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** How images are looked for. @default as a release that is called like the chart */
  readonly discovery?: DiscoverySettings | undefined;
  /** `NAME` or `NAME:VERSION` of the one chart to repoint. @default all of them */
  readonly chart?: string | undefined;
  /** Values of the user; each set gets a file of its own. @default one empty set */
  readonly valueSets?: readonly ValueSet[] | undefined;
  /** Leave alone what these values do not pull. @default false */
  readonly neededOnly?: boolean | undefined;
  /** The secret that every workload is to pull with. */
  readonly pullSecret?: PullSecretWish | undefined;
  /** What goes by its digest. @default as the chart has it */
  readonly pins?: PinMode | undefined;
  /** What pulls on the nodes: configuration that leads it to the target is written. @default none */
  readonly nodes?: readonly NodeRuntime[] | undefined;
  /** How nodes and controllers reach the target. @default https, with certificates that they know */
  readonly connection?: NodeConnection | undefined;
  /** Controllers for which a release is written. @default none */
  readonly git?: readonly GitFlavor[] | undefined;
}
