import { hostname, userInfo } from "node:os";
import type { UsableBundle } from "../bundle/opened.ts";
import { DrayError } from "../errors.ts";
import { VERSION } from "../version.ts";
import type { PlannedPush } from "./plan.ts";
import type { ArtifactResult, Edition, PushedArtifact, Receipt, ReceiptBundle } from "./receipt.ts";
import { editionOf, newestOf } from "./rollback.ts";
import { Transfers } from "./transfers.ts";

/** How an artifact ended, as far as it did. */
interface Ending {
  readonly result: ArtifactResult;
  readonly error?: string | undefined;
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
}

interface Ended {
  /** What ended it too early. */
  readonly cause?: unknown;
  readonly isInterrupted?: boolean;
}

/** What is known of a push while it runs: whenever and however it ends, this says how far it came. */
export class PushRecord {
  readonly transfers = new Transfers();
  readonly #path: string;
  readonly #target: string;
  readonly #started = new Date();
  readonly #endings = new Map<PlannedPush, Ending>();
  #origin: Omit<ReceiptBundle, "path"> = {};
  #edition: Edition | undefined;
  /** The newest bundle of earlier receipts. */
  #before: Edition | undefined;
  #signedBy: readonly string[] = [];
  #plan: readonly PlannedPush[] = [];

  /** Which bundle or recipe is delivered, as it was given, and to which `REGISTRY[/PREFIX]`. */
  constructor(path: string, target: string) {
    this.#path = path;
    this.#target = target;
  }

  open(bundle: UsableBundle): void {
    const edition = editionOf(bundle);
    const { name, version, digest } = edition;
    this.#edition = edition;
    this.#origin = { name, version, digest };
    this.#signedBy = bundle.signedBy.map(({ id }) => id);
  }

  /** Says what was pushed before under the same receipt. */
  follow(newest: Edition | undefined): void {
    this.#before = newest;
  }

  /** Says what is delivered that comes out of no bundle. */
  name({ name, version }: { readonly name: string; readonly version: string }): void {
    this.#origin = { name, version };
  }

  plan(plan: readonly PlannedPush[]): void {
    this.#plan = plan;
  }

  end(planned: PlannedPush, result: ArtifactResult): void {
    this.#endings.set(planned, { result });
  }

  fail(planned: PlannedPush, { message: error, code, hint }: DrayError): void {
    this.#endings.set(planned, { result: "failed", error, code, hint });
  }

  /** Its content is there, and it gets no tag because something else is not. */
  hold(planned: PlannedPush, { error, hint }: { error: string; hint: string }): void {
    this.#endings.set(planned, { result: "held", error, hint });
  }

  hasFailed(planned: PlannedPush): boolean {
    return this.#endings.get(planned)?.result === "failed";
  }

  /** What became of each artifact up to now. */
  artifacts(): PushedArtifact[] {
    return this.#plan.map((planned) => {
      const { kind, reference, target, pinned, tag, repository, root } = planned;
      const { digest } = root.descriptor;
      return {
        kind,
        reference,
        target,
        pinned,
        digest,
        ...(tag === undefined ? {} : { tag }),
        platforms: root.platforms,
        ...(this.#endings.get(planned) ?? { result: "unfinished" as const }),
        blobs: [...root.blobs.values()].map((blob) => ({
          digest: blob.digest,
          mediaType: blob.mediaType,
          size: blob.size,
          result: this.transfers.resultOf(repository, blob.digest),
          ...(this.transfers.isUnchecked(repository, blob.digest) ? { sizeUnchecked: true } : {}),
        })),
      };
    });
  }

  /** The receipt of a push that ended now; without a cause it is done. */
  receipt({ cause, isInterrupted = false }: Ended = {}): Receipt {
    const artifacts = this.artifacts();
    const newest = newestOf({ artifacts }, this.#edition, this.#before);
    return {
      receiptVersion: 1,
      outcome: isInterrupted ? "interrupted" : outcomeOf(cause),
      started: this.#started.toISOString(),
      finished: new Date().toISOString(),
      user: accountName(),
      host: hostname(),
      generator: `dray ${VERSION}`,
      bundle: { path: this.#path, ...this.#origin },
      ...(newest === undefined ? {} : { newest }),
      signedBy: this.#signedBy,
      target: this.#target,
      ...(cause === undefined || isInterrupted ? {} : { error: errorOf(cause) }),
      artifacts,
      totals: this.transfers.totals(),
    };
  }
}

/** Accounts of containers are often not on record. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `unknown`;
  }
}

function outcomeOf(cause: unknown): Receipt["outcome"] {
  if (cause === undefined) return "done";
  return cause instanceof DrayError && cause.kind === "partial" ? "partial" : "failed";
}

function errorOf(cause: unknown): { code: string; message: string } {
  const code = cause instanceof DrayError ? cause.code : "DRAY_UNEXPECTED";
  return { code, message: cause instanceof Error ? cause.message : String(cause) };
}
