import { DrayError, systemCode } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { ContentOptions, Source } from "./content.ts";
import { readGraph, type LayoutGraph } from "./graph.ts";
import { checkBlob, readVerified } from "./verify.ts";

/**
 * Reads everything that `roots` need from any source, and collects what is wrong with it: the rules
 * are those that bundles are held to. Nothing is taken on the source's word but what it holds.
 */
export async function validate(
  given: Source,
  roots: readonly Descriptor[],
  { signal }: ContentOptions = {},
): Promise<LayoutGraph> {
  const source = { name: given.name, fetch: fetchFrom(given) };
  const graph = await readGraph(
    {
      // Whether it is there, and has that size, turns out when it is read.
      sizeOf: ({ size }) => size,
      read: (descriptor) => readVerified(source, descriptor, { signal }),
    },
    roots,
  );
  const findings = [...graph.findings];
  const known = new Set(findings.map(({ entry }) => entry));
  for (const descriptor of graph.reachable.values()) {
    if (known.has(descriptor.digest)) continue;
    const finding = await checkBlob(source, descriptor, { signal });
    if (finding !== undefined) findings.push(finding);
  }
  return { ...graph, findings };
}

/** A file that is not there is a finding like any other. */
function fetchFrom(source: Source): Source["fetch"] {
  return async function* fetch(descriptor, options) {
    try {
      yield* source.fetch(descriptor, options);
    } catch (cause) {
      if (systemCode(cause) !== "ENOENT") throw cause;
      const message = `Cannot read ${descriptor.digest} from ${source.name}: it is missing`;
      throw new DrayError("DRAY_BLOB_MISSING", message, { kind: "refused", cause });
    }
  };
}
