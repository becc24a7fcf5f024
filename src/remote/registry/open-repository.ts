import { joinSignals } from "../../content/concurrency.ts";
import type { ContentOptions, Source, Target } from "../../content/content.ts";
import { DrayError } from "../../errors.ts";
import type { RunOptions } from "../../events.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseReference } from "../../oci/reference.ts";
import type { RegistryAccess } from "./access.ts";
import { RegistryClient } from "./client.ts";
import { Repository } from "./repository.ts";

/** One repository of a registry, to read from and to write to until it is closed. */
export interface OpenedRepository extends Source, Target {
  /**
   * What a tag or digest stands for now.
   * @throws RegistryError `DRAY_REGISTRY_NOT_FOUND`, DrayError `DRAY_MANIFEST_UNSUPPORTED`
   */
  resolve(tagOrDigest: string, options?: ContentOptions): Promise<Descriptor>;
  /**
   * Lets a tag stand for a manifest that the repository has, and reads back that it does.
   * @throws DrayError `DRAY_MANIFEST_REWRITTEN`
   */
  tag(tag: string, manifest: Descriptor, options?: ContentOptions): Promise<void>;
  /** Closes its connections. */
  close(): Promise<void>;
}

/**
 * A repository by its name, `registry.example:5000/team/app`. Nothing is asked yet. Whoever only reads
 * asks the registry for no right to write.
 *
 * @throws DrayError `DRAY_REFERENCE_INVALID`
 */
export function openRepository(
  name: string,
  access: RegistryAccess = {},
  { signal: outer, onEvent }: RunOptions = {},
): OpenedRepository {
  const { registry, repository } = parseName(name);
  const client = new RegistryClient(registry, access, { onEvent });
  const reader = new Repository(client, repository);
  const writer = new Repository(client, repository, "pull,push");
  const stoppable = <T extends ContentOptions>(options: T): T => ({
    ...options,
    signal: options.signal === undefined ? outer : joinSignals(options.signal, outer),
  });
  return {
    name: client.name,
    resolve: (tagOrDigest, options = {}) => reader.resolve(tagOrDigest, stoppable(options)),
    fetch: (descriptor, options = {}) => reader.fetch(descriptor, stoppable(options)),
    exists: (descriptor, options = {}) => writer.exists(descriptor, stoppable(options)),
    push: (expected, content, options = {}) => writer.push(expected, content, stoppable(options)),
    async tag(tag, manifest, options = {}) {
      const { signal } = stoppable(options);
      await writer.tag(tag, { expected: manifest, source: writer, signal });
      await writer.requireDigest(tag, manifest, { signal });
    },
    close: () => client.close(),
  };
}

/** Without tag or digest: these are asked for, or written, one by one. */
function parseName(name: string): { registry: string; repository: string } {
  const reference = parseReference(name);
  if (!/@|:[^/]*$/.test(name)) return reference;
  throw new DrayError(
    "DRAY_REFERENCE_INVALID",
    `Cannot open repository ${JSON.stringify(name)}: expected REGISTRY/REPOSITORY, found a tag or digest behind it`,
    { kind: "usage", hint: "Give that to resolve() or tag()." },
  );
}
