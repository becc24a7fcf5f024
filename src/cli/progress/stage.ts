import type { DrayEvent, StageItem } from "../../index.ts";
import { Pace } from "./pace.ts";

type Began = Extract<DrayEvent, { type: "stage" }>;
type Moved = Extract<DrayEvent, { type: "progress" }>;
type Settled = Extract<DrayEvent, { type: "copied" | "skipped" | "mounted" | "failed" }>;
type Arrived = Settled["descriptor"];

/** A blob that is on its way. */
interface Lane {
  readonly key: string;
  readonly size: number;
  position: number;
  /** When its last byte came, or when it was opened. */
  at: number;
}

/** An item of which something is on its way. */
export interface ActiveItem {
  readonly name: string;
  readonly moved: number;
  readonly total: number;
  /** Milliseconds since anything of it has come. */
  readonly still: number;
  /** True where all of it was handed over, and whoever has it has not answered. */
  readonly isHandedOver: boolean;
}

/** What has moved in one stage of a story. Times are milliseconds of whoever calls. */
export class Stage {
  readonly name: string;
  readonly begun: number;
  readonly items: readonly StageItem[];
  readonly pace = new Pace();
  readonly #lanes = new Map<string, Lane>();
  /** Digests that are a part of `total`. */
  readonly #counted = new Set<string>();
  readonly #arrived = new Set<string>();
  /** Items by what they need, and how much each of them lacks. */
  readonly #needing = new Map<string, StageItem[]>();
  readonly #lacks = new Map<StageItem, number>();
  readonly #finished = new Set<string>();
  #total: number;
  #done = 0;
  #at: number;

  constructor(
    { stage, bytes = 0, items = [] }: Pick<Began, "stage" | "bytes" | "items">,
    now: number,
  ) {
    this.name = stage;
    this.begun = now;
    this.items = items;
    this.#total = bytes;
    this.#at = now;
    for (const item of items) this.#expect(item);
  }

  /** Bytes in all, 0 where nobody knows. What has to go to a second place as well is added when it goes. */
  get total(): number {
    return this.#total;
  }

  /** Bytes that are where they should be, or on their way there: each counted once, however often it moved. */
  get done(): number {
    return this.#done;
  }

  get finished(): number {
    return this.#finished.size;
  }

  /** The first item that is not finished. */
  get next(): string | undefined {
    return this.items.find(({ name }) => !this.#finished.has(name))?.name;
  }

  /** Milliseconds in which nothing has moved. */
  still(now: number): number {
    return now - this.#at;
  }

  moved({ bytes, blob }: Moved, now: number): void {
    this.#at = now;
    if (bytes > 0) this.pace.note(bytes, now);
    if (blob === undefined) {
      this.#done += bytes;
      return;
    }
    const { descriptor, target, position } = blob;
    const key = keyOf(descriptor, target);
    const lane = this.#lanes.get(key) ?? this.#open(key, descriptor);
    this.#done += position - lane.position;
    lane.position = position;
    lane.at = now;
  }

  settled({ type, descriptor, target }: Settled, now: number): void {
    this.#at = now;
    const key = keyOf(descriptor, target);
    const lane = this.#lanes.get(key);
    this.#lanes.delete(key);
    if (type === "failed") {
      this.#done -= lane?.position ?? 0;
      return;
    }
    if (lane !== undefined) this.#done += descriptor.size - lane.position;
    else if (!this.#counted.has(descriptor.digest)) this.#done += descriptor.size;
    this.#counted.add(descriptor.digest);
    this.#arrive(key);
  }

  /** An item is done of which no blobs are known. */
  itemDone(name: string, now: number): void {
    this.#at = now;
    if (this.items.some((item) => item.name === name && item.blobs === undefined)) {
      this.#finished.add(name);
    }
  }

  /** What something is on its way of, each blob for the first item that it is missing from. */
  active(now: number): ActiveItem[] {
    const lanes = new Map<StageItem, Lane[]>();
    for (const lane of this.#lanes.values()) {
      const item = this.#needing.get(lane.key)?.find((one) => !this.#finished.has(one.name));
      if (item !== undefined) lanes.set(item, [...(lanes.get(item) ?? []), lane]);
    }
    return [...lanes].map(([item, own]) => this.#describe(item, own, now));
  }

  #describe(item: StageItem, own: readonly Lane[], now: number): ActiveItem {
    let moved = 0;
    let total = 0;
    for (const descriptor of item.blobs?.values() ?? []) {
      const key = keyOf(descriptor, item.target);
      total += descriptor.size;
      moved += this.#arrived.has(key) ? descriptor.size : (this.#lanes.get(key)?.position ?? 0);
    }
    return {
      name: item.name,
      moved,
      total,
      still: own.reduce((least, { at }) => Math.min(least, now - at), Infinity),
      isHandedOver: own.every(({ position, size }) => position >= size),
    };
  }

  #expect(item: StageItem): void {
    const { blobs, target } = item;
    if (blobs === undefined) return;
    this.#lacks.set(item, blobs.size);
    for (const descriptor of blobs.values()) {
      const key = keyOf(descriptor, target);
      const known = this.#needing.get(key);
      if (known === undefined) this.#needing.set(key, [item]);
      else known.push(item);
    }
  }

  #open(key: string, { digest, size }: Arrived): Lane {
    if (this.#counted.has(digest) && this.#total > 0) this.#total += size;
    this.#counted.add(digest);
    const lane = { key, size, position: 0, at: this.#at };
    this.#lanes.set(key, lane);
    return lane;
  }

  #arrive(key: string): void {
    if (this.#arrived.has(key)) return;
    this.#arrived.add(key);
    for (const item of this.#needing.get(key) ?? []) {
      const left = (this.#lacks.get(item) ?? 0) - 1;
      this.#lacks.set(item, left);
      if (left === 0) this.#finished.add(item.name);
    }
  }
}

function keyOf({ digest }: Arrived, target: string | undefined): string {
  return `${target ?? ""} ${digest}`;
}
