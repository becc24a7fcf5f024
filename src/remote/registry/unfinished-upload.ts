import { DrayError } from "../../errors.ts";
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

/**
 * What a registry has of a blob whose upload was cut short, by this run or an earlier one. Not every
 * registry keeps anything: distribution's own knows an upload no more of which a request was cut off.
 */
export class UnfinishedUpload {
  readonly note: UploadNote;
  readonly #target: UploadTarget;
  readonly #upload: BlobUpload;

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
    const session = await this.#ask(left, this.#upload.signal);
    if (session === undefined) await this.note.forget();
    return session;
  }

  /** Notes an upload that goes on from here. */
  begin(session: Session): Promise<void> {
    return this.note.write(session);
  }

  /** The same upload from where the registry says that it stands; else none, and this one is ended. */
  async goOn(session: Session, isRefused: boolean): Promise<Session | undefined> {
    const known = this.note.latest ?? session;
    const same = isRefused ? undefined : await this.#ask(known, this.#upload.signal);
    if (same === undefined) await this.#cancel(session);
    return same;
  }

  /** Ends the upload, or leaves it to the next run if the registry has some of what is right. */
  async leave(session: Session, isRight: boolean): Promise<void> {
    if (isRight && this.note.isKept) {
      const signal = AbortSignal.timeout(COURTESY_TIMEOUT);
      const kept = await this.#ask(this.note.latest ?? session, signal);
      if (kept !== undefined) return this.note.write(kept, true);
    }
    await this.forget();
    await this.#cancel(session);
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

  async #ask(
    { location: known, minChunk }: Session,
    signal: AbortSignal | undefined,
  ): Promise<Session | undefined> {
    const { size } = this.#upload.expected;
    // What is one chunk is sent anew in fewer requests.
    if (size <= CHUNK_BYTES) return undefined;
    try {
      const upload = { ...this.#upload, signal };
      const { location, received } = await readStatus(this.#target, upload, known);
      return received > 0 && received <= size ? { location, minChunk, received } : undefined;
    } catch (error) {
      // It knows nothing of it any more, or is too slow to say so.
      if (error instanceof DrayError || signal !== this.#upload.signal) return undefined;
      throw error;
    }
  }
}
