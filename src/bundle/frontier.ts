import { MEMBER_PAYLOAD } from "../archive/members/gzip-members.ts";
import type { Front } from "../archive/members/open-front.ts";
import type { TarLayout, TarName } from "../archive/tar/tar-writer.ts";

/** How far content lies in its places without a gap, told to the front that follows it. */
export class Frontier {
  readonly #front: Front;
  readonly #entries: readonly TarName[];
  readonly #layout: TarLayout;
  readonly #isDone: boolean[];
  /** The first entry that is not whole: all before it is. */
  #first = 0;
  #told = 0;

  constructor(front: Front, entries: readonly TarName[], layout: TarLayout) {
    this.#front = front;
    this.#entries = entries;
    this.#layout = layout;
    this.#isDone = entries.map(({ size }) => size === 0);
    this.#advance(0);
  }

  /** An entry is whole, and what it holds is verified. */
  done(index: number): void {
    this.#isDone[index] = true;
    this.#advance(0);
  }

  /** The file has some entry as far as this, in bytes of tar, not verified yet. */
  written(offset: number): void {
    this.#advance(offset);
  }

  /** What came of an entry is wrong and comes anew. */
  wrong(index: number): void {
    // The front has heard of no bytes of any other entry that is not whole.
    if (index !== this.#first) return;
    const start = this.#start(index);
    this.#told = start;
    this.#front.tell({ written: start, verified: start, rewound: true });
  }

  #advance(offset: number): void {
    while (this.#isDone[this.#first] === true) this.#first++;
    const start = this.#start(this.#first);
    const end = start + (this.#entries[this.#first]?.size ?? 0);
    const reach = offset > start && offset <= end ? offset : start;
    // No member is whole by less than this: the front need not hear of it.
    const isWhole = this.#first === this.#entries.length;
    if (!isWhole && reach - this.#told < MEMBER_PAYLOAD / 2) return;
    this.#told = reach;
    this.#front.tell({ written: reach, verified: start });
  }

  #start(index: number): number {
    return this.#layout.offsets[index] ?? this.#layout.size;
  }
}
