import { copyWithOrigins, Snapshot } from "../template/reads.ts";
import type { Dict, Value } from "../template/value.ts";
import { lookUp, setAt, type ValuesPath } from "../values/path.ts";

/** A setting that differs from the values given. */
export interface Override {
  readonly path: ValuesPath;
  readonly value: Value;
}

/**
 * The values of a chart and all below it, made once. What one rendering changes in them is undone
 * before the next, which costs less than a copy for each.
 */
export class ValuesTree {
  readonly #root: Dict;
  readonly #changed = new Map<Dict, Snapshot>();

  constructor(values: Dict) {
    this.#root = copyWithOrigins(values, []);
  }

  /** The table at `path`, which the templates of one chart share. */
  tableAt(path: ValuesPath): Dict {
    const found = lookUp(this.#root, path);
    return found instanceof Map ? found : new Map();
  }

  /** To be told of a table before it is changed. */
  readonly keep = (dict: Dict): void => {
    if (!this.#changed.has(dict)) this.#changed.set(dict, new Snapshot(dict));
  };

  override({ path, value }: Override): void {
    for (let length = 0; length < path.length; length++) {
      const table = lookUp(this.#root, path.slice(0, length));
      if (table instanceof Map) this.keep(table);
    }
    setAt(this.#root, path, value);
  }

  restore(): void {
    for (const snapshot of this.#changed.values()) snapshot.restore();
    this.#changed.clear();
  }
}
