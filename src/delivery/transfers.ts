import type { DrayEvent, Listener } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";

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

type Way = keyof TransferTotals;

/** Counts what moves while it moves, and passes every event on. */
export class Transfers {
  readonly #counts: Record<Way, { blobs: number; bytes: number }> = {
    copied: { blobs: 0, bytes: 0 },
    mounted: { blobs: 0, bytes: 0 },
    skipped: { blobs: 0, bytes: 0 },
  };
  readonly #onEvent: Listener | undefined;
  /** In a rehearsal: blobs that would be at the registry by now. */
  readonly #there = new Set<Digest>();
  readonly #seen = new Set<string>();

  constructor(onEvent: Listener | undefined) {
    this.#onEvent = onEvent;
  }

  note(event: DrayEvent): void {
    if (event.type === "copied" || event.type === "mounted" || event.type === "skipped") {
      this.#add(event.type, event.descriptor);
    }
    this.#onEvent?.(event);
  }

  /** Counts a blob as a push would: sent once, mounted afterwards. */
  rehearse(
    descriptor: Descriptor,
    { repository, present }: { repository: string; present: boolean },
  ): void {
    const place = `${repository}@${descriptor.digest}`;
    if (this.#seen.has(place)) return;
    this.#seen.add(place);
    this.#add(
      present ? "skipped" : this.#there.has(descriptor.digest) ? "mounted" : "copied",
      descriptor,
    );
    this.#there.add(descriptor.digest);
  }

  totals(): TransferTotals {
    return this.#counts;
  }

  #add(way: Way, { size }: Descriptor): void {
    this.#counts[way].blobs += 1;
    this.#counts[way].bytes += size;
  }
}
