import {
  copyWithOrigins,
  isShared,
  markAllShared,
  markShared,
  noteCopy,
  Snapshot,
} from "../template/reads.ts";
import type { Dict, Value } from "../template/value.ts";
import { allInstances, type Instance } from "../values/compose.ts";
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
  readonly #charts: readonly ValuesPath[];
  readonly #changed = new Map<Dict, Snapshot>();

  /** `chart` is the one asked for. */
  constructor(chart: Instance) {
    this.#root = copyWithOrigins(chart.values, []);
    this.#charts = allInstances(chart).map(({ path }) => path);
    for (const path of this.#charts) {
      if (path.length > 0) takeGlobals(this.tableAt(path));
    }
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

  /** Each chart has its own copy of what is global. */
  override({ path, value }: Override): void {
    if (path[0] !== GLOBAL) return this.#set(path, value);
    for (const chart of this.#charts) this.#set([...chart, ...path], value);
  }

  #set(path: ValuesPath, value: Value): void {
    for (let length = 0; length < path.length; length++) {
      const table = lookUp(this.#root, path.slice(0, length));
      if (table instanceof Map) this.keep(table);
    }
    setAt(this.#root, path, value);
    this.#shareAlong(path);
  }

  /** What an override brings in is seen by all templates, as the values are. */
  #shareAlong(path: ValuesPath): void {
    for (let length = 1; length < path.length; length++) {
      const table = lookUp(this.#root, path.slice(0, length));
      if (table instanceof Map && !isShared(table)) markShared(table);
    }
    markAllShared(lookUp(this.#root, path) ?? null);
  }

  restore(): void {
    for (const snapshot of this.#changed.values()) snapshot.restore();
    this.#changed.clear();
  }
}

const GLOBAL = "global";

/** What is global is one setting, in whichever chart a template looks at it. */
function takeGlobals(values: Dict): void {
  const global = values.get(GLOBAL);
  if (global instanceof Map) values.set(GLOBAL, copyWithOrigins(global, [GLOBAL]));
  noteCopy(values, GLOBAL, [GLOBAL]);
}
