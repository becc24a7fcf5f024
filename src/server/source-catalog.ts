import type { Listener } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { loadRepositories } from "./load.ts";
import type { BlobSource, RegistryStore } from "./catalog.ts";

/**
 * A read-only registry over anything that content can be read from. `roots` are named as in the
 * `index.json` of an image layout. Closing the store leaves the source open.
 */
export async function openSourceStore(
  source: BlobSource,
  roots: readonly Descriptor[],
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onEvent?: Listener | undefined;
  } = {},
): Promise<RegistryStore> {
  const repositories = await loadRepositories(source, roots, { ...options, shortNames: true });
  return { repositories, blobs: source, close: async () => {} };
}
