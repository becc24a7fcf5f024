import { readGraph, type GraphSource, type LayoutGraph, type Root } from "../content/graph.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { Annotation } from "../oci/image-layout.ts";
import type { NamedRoot } from "./adopt-names.ts";

/** A root and all that it needs. */
export interface FollowedRoot extends NamedRoot {
  /** Undefined where its manifest cannot be read: a finding of the graph says why. */
  readonly root: Root | undefined;
}

export interface Followed {
  readonly roots: readonly FollowedRoot[];
  readonly graph: LayoutGraph;
}

/** Follows all that was found. */
export async function follow(named: readonly NamedRoot[], source: GraphSource): Promise<Followed> {
  const graph = await readGraph(source, named.map(labelled));
  const found = new Map(graph.roots.map((root) => [keyOf(root.name, root.descriptor), root]));
  return {
    graph,
    roots: named.map((one) => ({ ...one, root: found.get(keyOf(labelOf(one), one.descriptor)) })),
  };
}

/** What it is called for people: its digest where nobody has named it. */
export function labelOf({ name, descriptor }: NamedRoot): string {
  return name ?? descriptor.digest;
}

function keyOf(name: string | undefined, { digest }: Descriptor): string {
  return `${name ?? ""} ${digest}`;
}

/** As an entry of an `index.json`. */
function labelled(one: NamedRoot): Descriptor {
  return { ...one.descriptor, annotations: { [Annotation.refName]: labelOf(one) } };
}
