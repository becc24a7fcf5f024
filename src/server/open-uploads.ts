import { randomUUID } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../content/make-directory.ts";
import type { DigestAlgorithm } from "../oci/digest.ts";
import { ApiError } from "./api-error.ts";
import { IncomingBlob } from "./incoming-blob.ts";

/** Tells what is the server's from the parts that other writers keep in the same directory. */
export const UPLOAD_PREFIX = "upload-";

/** Open uploads at once: every client has a handful; more than this is a mistake or an attack. */
const MAX_UPLOADS = 2000;

const SWEEP_MS = 30_000;

/** How long a client that has too many uploads should wait. */
const RETRY_AFTER_S = "30";

/** The uploads that are under way. One that nobody goes on with expires. */
export class OpenUploads {
  readonly #directory: string;
  readonly #expiryMs: number;
  readonly #open = new Map<string, IncomingBlob>();
  readonly #timer: NodeJS.Timeout;

  private constructor(directory: string, expiryMs: number) {
    this.#directory = directory;
    this.#expiryMs = expiryMs;
    this.#timer = setInterval(() => void this.#sweep(), Math.min(SWEEP_MS, expiryMs)).unref();
  }

  /** Sessions do not survive a restart: what an earlier run left half done is removed. */
  static async create(directory: string, expiryMs: number): Promise<OpenUploads> {
    await makeDirectory(directory);
    for (const name of await readdir(directory)) {
      if (name.startsWith(UPLOAD_PREFIX)) await rm(join(directory, name), { force: true });
    }
    return new OpenUploads(directory, expiryMs);
  }

  /** @throws ApiError `TOOMANYREQUESTS` */
  async start(name: string, algorithm: DigestAlgorithm): Promise<IncomingBlob> {
    if (this.#open.size >= MAX_UPLOADS) {
      throw new ApiError("TOOMANYREQUESTS", `more than ${MAX_UPLOADS} uploads are open`, {
        headers: { "Retry-After": RETRY_AFTER_S },
      });
    }
    const id = randomUUID();
    const path = join(this.#directory, `${UPLOAD_PREFIX}${id}`);
    const upload = await IncomingBlob.create(path, { id, name, algorithm });
    this.#open.set(id, upload);
    return upload;
  }

  find(name: string, id: string): IncomingBlob | undefined {
    const upload = this.#open.get(id);
    return upload?.identity.name === name ? upload : undefined;
  }

  /** Forgets an upload and what came of it. */
  async end(upload: IncomingBlob): Promise<void> {
    this.#open.delete(upload.identity.id);
    await upload.remove();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#open.values()].map((upload) => this.end(upload)));
  }

  async #sweep(): Promise<void> {
    const limit = Date.now() - this.#expiryMs;
    const expired = [...this.#open.values()].filter(
      (upload) => (upload.idleSince ?? limit) < limit,
    );
    // A file that cannot be removed now is removed at the next start.
    await Promise.allSettled(expired.map((upload) => this.end(upload)));
  }
}
