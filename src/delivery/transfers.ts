import type { Listener } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { PushedBlob, TransferTotals } from "./receipt.ts";

type Way = keyof TransferTotals;

/** The words of a receipt. */
const RESULTS: Readonly<Record<Way, PushedBlob["result"]>> = {
  copied: "sent",
  mounted: "mounted",
  skipped: "present",
};

/** Keeps how everything got to each repository, while it moves, and counts it. */
export class Transfers {
  readonly #counts: Record<Way, { blobs: number; bytes: number }> = {
    copied: { blobs: 0, bytes: 0 },
    mounted: { blobs: 0, bytes: 0 },
    skipped: { blobs: 0, bytes: 0 },
  };
  /** By repository and digest. */
  readonly #ways = new Map<string, Way>();
  /** `REPOSITORY@DIGEST` of what is only said to be there. */
  #unchecked: ReadonlySet<string> = new Set();
  /** In a rehearsal: blobs that would be at the registry by now. */
  readonly #there = new Set<Digest>();

  /** Hears what arrives in one repository, and passes every event on. */
  listener(repository: string, onEvent: Listener): Listener {
    return (event) => {
      if (event.type === "copied" || event.type === "mounted" || event.type === "skipped") {
        this.#add(event.type, event.descriptor, repository);
      }
      onEvent(event);
    };
  }

  /** In a rehearsal: says of blobs that the registry has them somewhere, so that they are mounted. */
  expect(digests: Iterable<Digest>): void {
    for (const digest of digests) this.#there.add(digest);
  }

  /** Counts a blob as a push would: sent once, mounted afterwards. */
  rehearse(
    descriptor: Descriptor,
    { repository, present }: { repository: string; present: boolean },
  ): void {
    if (this.#ways.has(place(repository, descriptor.digest))) return;
    const isThere = this.#there.has(descriptor.digest);
    this.#add(present ? "skipped" : isThere ? "mounted" : "copied", descriptor, repository);
    this.#there.add(descriptor.digest);
  }

  /** What became of a blob in a repository. */
  resultOf(repository: string, digest: Digest): PushedBlob["result"] {
    const way = this.#ways.get(place(repository, digest));
    return way === undefined ? "unfinished" : RESULTS[way];
  }

  /** Says where it stands of what the size could not be compared. */
  doubt(unchecked: ReadonlySet<string>): void {
    this.#unchecked = unchecked;
  }

  /** True of what the target says to have, and of which nobody could compare the size. */
  isUnchecked(repository: string, digest: Digest): boolean {
    const at = place(repository, digest);
    return this.#ways.get(at) === "skipped" && this.#unchecked.has(at);
  }

  /** Says of a blob that it was sent after all, as mounting it brought nothing. */
  correct(descriptor: Descriptor, repository: string): void {
    this.#counts.mounted.blobs -= 1;
    this.#counts.mounted.bytes -= descriptor.size;
    this.#add("copied", descriptor, repository);
  }

  totals(): TransferTotals {
    return this.#counts;
  }

  #add(way: Way, { digest, size }: Descriptor, repository: string): void {
    this.#ways.set(place(repository, digest), way);
    this.#counts[way].blobs += 1;
    this.#counts[way].bytes += size;
  }
}

function place(repository: string, digest: Digest): string {
  return `${repository}@${digest}`;
}
