import type { Chart } from "../../chart/chart.ts";
import { forgetContents } from "../template/contents.ts";
import { markShared } from "../template/origins.ts";
import type { Dict, Struct, Value } from "../template/value.ts";
import type { Instance } from "../values/compose.ts";
import { releaseObject, valuesObject, type Release } from "./built-in-objects.ts";
import { capabilities, type Cluster } from "./capabilities.ts";
import { chartObject } from "./chart-object.ts";
import type { TemplateFile } from "./template-set.ts";
import type { ValuesTree } from "./values-tree.ts";

/**
 * What each chart's templates are given as their dot. It is made once for all renderings, so that
 * what has not changed between two of them can be seen; a change is put back as in the values.
 */
export class Contexts {
  readonly #tree: ValuesTree;
  readonly #byInstance = new Map<Instance, Dict>();
  readonly #templates = new Map<TemplateFile, Dict>();
  readonly #filesOf: (chart: Chart) => Dict;
  readonly #clusters = new Map<string, Struct>();
  readonly #releases = new Map<Release, Dict>();

  constructor(tree: ValuesTree, filesOf: (chart: Chart) => Dict) {
    this.#tree = tree;
    this.#filesOf = filesOf;
  }

  /**
   * Makes them ready for the `wanted` charts and all below these, since a chart sees the values of
   * its subcharts too.
   */
  prepare(wanted: readonly Instance[], told: { cluster: Cluster; release: Release }): void {
    const same: readonly (readonly [string, Value])[] = [
      ["Capabilities", this.#capabilities(told.cluster)],
      ["Release", this.#release(told.release)],
    ];
    const done = new Set<Instance>();
    const all = new Set(wanted.toSorted((a, b) => a.path.length - b.path.length));
    for (const instance of all) this.#prepare(instance, same, done);
  }

  forFile(file: TemplateFile): Dict {
    const context = this.#byInstance.get(file.instance) ?? new Map<string, Value>();
    const template = this.#templates.get(file) ?? templateObject(file);
    this.#templates.set(file, template);
    put(context, "Template", template);
    return context;
  }

  #prepare(
    instance: Instance,
    same: readonly (readonly [string, Value])[],
    done: Set<Instance>,
  ): Dict {
    const context = this.#byInstance.get(instance) ?? this.#make(instance);
    if (done.has(instance)) return context;
    done.add(instance);
    for (const [name, value] of same) put(context, name, value);
    // Another setting may have put another table in the place of all values of a chart. Helm looks for that
    // of a subchart by a path with dots, and finds none for a name that has one.
    const values = this.#tree.tableAt(instance.path.flatMap((name) => name.split(".")));
    if (context.get("Values") !== values) put(context, "Values", valuesObject(values));
    const subcharts = context.get("Subcharts");
    for (const child of instance.children) {
      const inner = this.#prepare(child, same, done);
      if (subcharts instanceof Map) put(subcharts, child.name, inner);
    }
    return context;
  }

  #make(instance: Instance): Dict {
    const context = shared(
      new Map<string, Value>([
        ["Chart", chartObject(instance)],
        ["Files", this.#filesOf(instance.chart)],
        ["Subcharts", shared(new Map())],
      ]),
    );
    this.#byInstance.set(instance, context);
    return context;
  }

  #capabilities(cluster: Cluster): Struct {
    const key = JSON.stringify([cluster.kubeVersion, cluster.apiVersions]);
    const known = this.#clusters.get(key) ?? capabilities(cluster);
    this.#clusters.set(key, known);
    return known;
  }

  #release(release: Release): Dict {
    const known = this.#releases.get(release) ?? releaseObject(release);
    this.#releases.set(release, known);
    return known;
  }
}

function templateObject({ instance, name }: TemplateFile): Dict {
  return shared(
    new Map<string, Value>([
      ["Name", name],
      ["BasePath", `${instance.source}/templates`],
    ]),
  );
}

/** Sets what all templates of a chart are given. */
function put(dict: Dict, key: string, value: Value): void {
  if (dict.get(key) === value) return;
  forgetContents(dict);
  dict.set(key, value);
}

function shared(dict: Dict): Dict {
  markShared(dict);
  return dict;
}
