import { createHash, type Hash } from "node:crypto";

/** SHA-256 in hexadecimal. */
export interface FileSums {
  readonly whole: string;
  /** Of each of the files that the whole is cut into; of one file that of the whole. */
  readonly parts: readonly string[];
}

/** Hashes a file, and the parts that it is cut into, while it goes by from its first byte on. */
export class CutHash {
  readonly #partSize: number;
  #whole: Hash = createHash("sha256");
  #part: Hash = createHash("sha256");
  /** Bytes of the present part that are still to come. */
  #left: number;
  #done: readonly string[] = [];

  constructor(partSize: number) {
    this.#partSize = partSize;
    this.#left = partSize;
  }

  /** As it stands now. */
  copy(): CutHash {
    const copy = new CutHash(this.#partSize);
    copy.#whole = this.#whole.copy();
    copy.#part = this.#part.copy();
    copy.#left = this.#left;
    copy.#done = this.#done;
    return copy;
  }

  update(bytes: Buffer): void {
    this.#whole.update(bytes);
    if (this.#partSize === Infinity) return;
    for (let from = 0; from < bytes.length;) {
      if (this.#left === 0) this.#next();
      const count = Math.min(this.#left, bytes.length - from);
      this.#part.update(bytes.subarray(from, from + count));
      this.#left -= count;
      from += count;
    }
  }

  digest(): FileSums {
    const whole = this.#whole.digest("hex");
    if (this.#partSize === Infinity) return { whole, parts: [whole] };
    return { whole, parts: [...this.#done, this.#part.digest("hex")] };
  }

  #next(): void {
    this.#done = [...this.#done, this.#part.digest("hex")];
    this.#part = createHash("sha256");
    this.#left = this.#partSize;
  }
}
