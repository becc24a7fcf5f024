import { forgetContents } from "../template/contents.ts";
import { copyWithOrigins, noteCopy, placeAll, Snapshot } from "../template/origins.ts";
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
  /** Of tables that were put in as globals: the copy for each chart. */
  readonly #globals = new WeakMap<Dict, Dict[]>();

  /** `chart` is the one asked for. */
  constructor(chart: Instance) {
    this.#root = copyWithOrigins(chart.values, []);
    const charts = allInstances(chart);
    this.#charts = charts.map(({ path }) => path);
    const copies = new Map<Dict, Dict>();
    for (const { path, values } of charts) takeGlobals(this.tableAt(path), values, copies);
  }

  /** The table at `path`, which the templates of one chart share. */
  tableAt(path: ValuesPath): Dict {
    const found = lookUp(this.#root, path);
    return found instanceof Map ? found : new Map();
  }

  /** To be told of a table before it is changed. */
  readonly keep = (dict: Dict): void => {
    forgetContents(dict);
    if (!this.#changed.has(dict)) this.#changed.set(dict, new Snapshot(dict));
  };

  override({ path, value }: Override): void {
    if (path[0] !== GLOBAL) return this.#set(path, value);
    const entry = path.slice(0, OWN_LEVELS);
    const given = lookUp(this.#root, entry) ?? (entry.length < path.length ? new Map() : value);
    for (const [index, chart] of this.#charts.entries()) {
      const own = lookUp(this.#root, [...chart, ...entry]) ?? null;
      // A table and what is none do not mix: a chart that has the other one keeps it.
      if (own !== null && isTable(own) !== isTable(given)) continue;
      this.#set([...chart, ...path], this.#globalFor(index, path, value), chart.length);
    }
  }

  /** Each chart has its own table of what is global and of each entry; what is below these is one for all. */
  #globalFor(chart: number, path: ValuesPath, value: Value): Value {
    if (!(value instanceof Map) || path.length > OWN_LEVELS) return value;
    const copies = this.#globals.get(value) ?? [];
    this.#globals.set(value, copies);
    const own = copies[chart] ?? copiedTo(OWN_LEVELS - path.length, value);
    copies[chart] = own;
    return own;
  }

  /** What is global stands at its own path, behind the first `above` keys. */
  #set(path: ValuesPath, value: Value, above = 0): void {
    for (let length = 0; length < path.length; length++) {
      const table = lookUp(this.#root, path.slice(0, length));
      if (table instanceof Map) this.keep(table);
    }
    setAt(this.#root, path, value);
    // What an override brings in is seen by all templates, as the values are.
    for (let length = 1; length <= path.length; length++) {
      placeAll(lookUp(this.#root, path.slice(0, length)) ?? null, path.slice(above, length));
    }
  }

  restore(): void {
    for (const [dict, snapshot] of this.#changed) {
      forgetContents(dict);
      snapshot.restore();
    }
    this.#changed.clear();
  }
}

const GLOBAL = "global";

function isTable(value: Value): boolean {
  return value instanceof Map;
}

/** `global` and its entries. https://github.com/helm/helm/blob/v3.19.0/pkg/chartutil/coalesce.go */
const OWN_LEVELS = 2;

function copiedTo(levels: number, table: Dict): Dict {
  if (levels === 0) return new Map(table);
  const inner = (value: Value): Value =>
    value instanceof Map ? copiedTo(levels - 1, value) : value;
  return new Map([...table].map(([key, value]) => [key, inner(value)]));
}

/** What is global is one setting, in whichever chart a template looks at it. */
function takeGlobals(table: Dict, values: Dict, copies: Map<Dict, Dict>): void {
  const global = values.get(GLOBAL);
  if (global instanceof Map) table.set(GLOBAL, copyWithOrigins(global, [GLOBAL], copies));
  noteCopy(table, GLOBAL, [GLOBAL]);
}
