import { joinSignals } from "../../content/concurrency.ts";
import { DrayError, RegistryError } from "../../errors.ts";
import { isRetriedStatus } from "../http/patience.ts";
import { CHUNK_BYTES } from "./upload-chunks.ts";
import { UploadNote } from "./upload-note.ts";
import { readStatus } from "./upload-piece.ts";
import {
  cancelSession,
  type BlobUpload,
  type Session,
  type UploadTarget,
} from "./upload-session.ts";

/** A courtesy must not keep anybody waiting. */
const COURTESY_TIMEOUT = 5_000;
/** Storage with many parts is slow to count them; whoever says nothing for longer gets all of it again. */
const STATUS_TIMEOUT = 30_000;

/**
 * What a registry has of a blob whose upload was cut short, by this run or an earlier one. Not every
 * registry keeps anything: distribution's own knows an upload no more of which a request was cut off.
 */
export class UnfinishedUpload {
  readonly note: UploadNote;
  readonly #target: UploadTarget;
  readonly #upload: BlobUpload;
  #taken: Session | undefined;

  constructor(target: UploadTarget, upload: BlobUpload) {
    this.note = new UploadNote(target, upload.expected);
    this.#target = target;
    this.#upload = upload;
  }

  /** The upload that an earlier run has left, where the registry still has something of it. */
  async takeUp(): Promise<Session | undefined> {
    // To mount it costs nothing.
    if (this.#upload.mountFrom !== undefined) return undefined;
    const left = await this.note.read();
    if (left === undefined) return undefined;
    this.#taken = await this.#askInTime(left, { retry: false });
    return this.#taken;
  }

  /** Notes an upload that goes on from here. */
  begin(session: Session): Promise<void> {
    return this.note.write(session);
  }

  /** The same upload from where the registry says that it stands; else none, and this one is ended. */
  async goOn(session: Session, isRefused: boolean): Promise<Session | undefined> {
    const known = this.note.latest ?? session;
    const same = isRefused ? undefined : await this.#askInTime(known, { retry: true });
    if (same === undefined) await this.#cancel(session);
    return same;
  }

  /** Ends the upload, or leaves it to the next run unless what was sent is wrong, or the registry has nothing of it. */
  async leave(session: Session, isRight: boolean): Promise<void> {
    if (isRight && this.note.isKept) {
      const known = this.note.latest ?? session;
      const signal = AbortSignal.timeout(COURTESY_TIMEOUT);
      const kept = await this.#ask(known, { signal, retry: false });
      if (kept !== undefined) return this.note.write(kept === "unsaid" ? known : kept, true);
    }
    await this.forget();
    await this.#cancel(session);
  }

  /**
   * What is wrong with an upload that an earlier run has left need not be with a new one.
   * @throws `failure` of any other upload, or that is none of the registry's, or left to the next run
   */
  requireTaken(session: Session, failure: unknown): void {
    const isOver = this.note.latest === undefined;
    if (!(isOver && session === this.#taken && failure instanceof RegistryError)) throw failure;
  }

  /** It is there, or not to be gone on with. */
  forget(): Promise<void> {
    return this.note.forget();
  }

  /** Only a courtesy: the registry drops old sessions by itself, and the first error counts. */
  async #cancel(session: Session): Promise<void> {
    const action = `cancel upload of ${this.#upload.expected.digest}`;
    try {
      const signal = AbortSignal.timeout(COURTESY_TIMEOUT);
      await cancelSession(this.#target, session, { action, signal });
    } catch {
      // Whatever it says, there is nothing left to do.
    }
  }

  /** An error that may pass is as good as no answer, unless there is a `retry`. */
  async #askInTime(known: Session, { retry }: { retry: boolean }): Promise<Session | undefined> {
    const stop = this.#upload.signal;
    const signal = joinSignals(AbortSignal.timeout(STATUS_TIMEOUT), stop);
    const session = await this.#ask(known, { signal, retry });
    stop?.throwIfAborted();
    return session === "unsaid" ? undefined : session;
  }

  /** Where it stands; undefined where the registry has nothing of it, or nothing worth going on with. */
  async #ask(
    { location: known, minChunk }: Session,
    { signal, retry }: { readonly signal: AbortSignal; readonly retry: boolean },
  ): Promise<Session | "unsaid" | undefined> {
    const { size } = this.#upload.expected;
    // What is one chunk is sent anew in fewer requests.
    if (size <= CHUNK_BYTES) return undefined;
    try {
      const upload = { ...this.#upload, signal, retry };
      const { location, received } = await readStatus(this.#target, upload, known);
      return received > 0 && received <= size ? { location, minChunk, received } : undefined;
    } catch (error) {
      if (signal.aborted || isNoAnswer(error)) return "unsaid";
      if (error instanceof DrayError) return undefined;
      throw error;
    }
  }
}

/** The registry could not be reached, or is not itself at the moment. */
function isNoAnswer(error: unknown): boolean {
  return error instanceof RegistryError && (error.status === 0 || isRetriedStatus(error.status));
}
