import type { ArtifactKind } from "../bundle/format.ts";
import type { Digest } from "../oci/digest.ts";

/** What a push did, for those who file it and for a later audit. docs/receipt.md */
export interface Receipt {
  readonly receiptVersion: 1;
  /**
   * `done`: everything is there under its name. `partial`: what failed and what was held back is not.
   * `failed`, `interrupted`: the push ended before; what was sent may be there, no tag is that it says nothing of.
   */
  readonly outcome: "done" | "partial" | "failed" | "interrupted";
  /** ISO 8601. */
  readonly started: string;
  readonly finished: string;
  /** Account and host that the push ran on. */
  readonly user: string;
  readonly host: string;
  /** `dray 1.2.0` */
  readonly generator: string;
  readonly bundle: ReceiptBundle;
  /** The newest bundle that was pushed under this receipt and those before it in its place. */
  readonly newest?: Edition | undefined;
  /** Ids of the trusted keys that have signed the bundle. */
  readonly signedBy: readonly string[];
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** Why the push is not done. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly artifacts: readonly PushedArtifact[];
  readonly totals: TransferTotals;
}

/** What tells bundles of one name in their order: all of it stands in the list that was signed. */
export interface Edition {
  readonly name: string;
  readonly version: string;
  /** ISO 8601, as its maker has set it. */
  readonly created: string;
  /** SHA-256 of the list of sums. */
  readonly digest: Digest;
}

/** What is not known of a bundle that was refused is left out. */
export interface ReceiptBundle {
  /** As it was given. */
  readonly path: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256 of its list of sums. */
  readonly digest?: Digest | undefined;
}

export type ArtifactResult =
  "pushed" | "overwritten" | "present" | "failed" | "held" | "unfinished";

/** What became (or, in a dry run, would become) of one artifact. */
export interface PushedArtifact {
  readonly kind: ArtifactKind;
  /** What it was packed as. */
  readonly reference: string;
  /** `registry/repository:tag`, or `registry/repository@digest` for what was packed by digest alone. */
  readonly target: string;
  /** `registry/repository@digest` */
  readonly pinned: string;
  readonly digest: Digest;
  /** For what was packed by digest alone the one that keeps it from garbage collection, if it has one. */
  readonly tag?: string | undefined;
  readonly platforms: readonly string[];
  /**
   * `pushed`: tagged now. `overwritten`: its tag stood for something else before. `present`: it was
   * there already. `failed`: it could not be sent, tagged or read back. `held`: it is there without its
   * tag, for the sake of something else that is not. `unfinished`: the push ended before it was known
   * to be there.
   */
  readonly result: ArtifactResult;
  /** Why it failed or was held back. */
  readonly error?: string | undefined;
  /** The code of that error. */
  readonly code?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Everything that it consists of: blobs, manifests and indexes, itself included. */
  readonly blobs: readonly PushedBlob[];
}

export interface PushedBlob {
  readonly digest: Digest;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /** `unfinished`: the push ended before it was known to be there. */
  readonly result: "sent" | "mounted" | "present" | "unfinished";
  /** The registry says that it is there, and its storage cannot be asked how much of it. @default false */
  readonly sizeUnchecked?: true | undefined;
}

/** How the blobs and manifests of a push got to the target. */
export interface TransferTotals {
  readonly copied: BlobCount;
  /** Known to the registry in another repository: linked, not sent. */
  readonly mounted: BlobCount;
  readonly skipped: BlobCount;
}

export interface BlobCount {
  readonly blobs: number;
  readonly bytes: number;
}
