import type { Digest } from "../../oci/digest.ts";

/**
 * In which repository of a registry a blob is known to be, so that a blob that ten repositories
 * share is sent once and mounted nine times.
 */
export class BlobPlaces {
  readonly #places = new Map<Digest, { repository: string; sent: Promise<unknown> }>();

  note(digest: Digest, repository: string): void {
    this.#places.set(digest, { repository, sent: Promise.resolve() });
  }

  /** Says that `sending` brings the blob to `repository`. */
  track(digest: Digest, repository: string, sending: Promise<unknown>): void {
    const place = { repository, sent: sending };
    this.#places.set(digest, place);
    sending.catch(() => {
      if (this.#places.get(digest) === place) this.#places.delete(digest);
    });
  }

  /** Waits for a transfer that is under way; undefined if no other repository has the blob. */
  async find(digest: Digest, except: string): Promise<string | undefined> {
    const place = this.#places.get(digest);
    if (place === undefined || place.repository === except) return undefined;
    try {
      await place.sent;
      return place.repository;
    } catch {
      // Whoever sent it reports the failure; here the blob is sent as if for the first time.
      return undefined;
    }
  }
}
