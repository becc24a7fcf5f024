import { counted, discard, type ContentOptions } from "../content/content.ts";
import { verified } from "../content/verify.ts";
import { DrayError, RegistryError } from "../errors.ts";
import type { Listener } from "../events.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { isManifestType } from "../oci/media-type.ts";
import type { Repository } from "../remote/registry/repository.ts";

interface KeptOptions extends ContentOptions {
  /** Read blobs and hash them, and not only compare their sizes. Manifests are read always. */
  readonly content: boolean;
  /** Hears how many bytes have been read. */
  readonly onEvent?: Listener | undefined;
}

/**
 * What is wrong with a blob or manifest that a repository should have; undefined if it has it as it
 * was pushed. What keeps the registry from answering is thrown.
 */
export async function whatIsWrong(
  repository: Repository,
  descriptor: Descriptor,
  { content, signal, onEvent }: KeptOptions,
): Promise<Finding | undefined> {
  const { digest, size, mediaType } = descriptor;
  const entry = `${repository.client.registry}/${repository.repository}@${digest}`;
  const missing = { code: "TARGET_MISSING", severity: "error", entry } as const;
  const damaged = { code: "TARGET_DAMAGED", severity: "error", entry } as const;
  try {
    if (!content && !isManifestType(mediaType)) {
      const stored = await repository.sizeOf(descriptor, { signal });
      if (stored === undefined) return { ...missing, message: `${entry} is not there` };
      if (stored === size) return undefined;
      return { ...damaged, message: `${entry}: expected ${size} bytes, found ${stored}` };
    }
    const { name } = repository;
    const stored = counted(repository.fetch(descriptor, { signal }), onEvent);
    await discard(verified(stored, descriptor, { from: name }));
    repository.client.uncheckedSizes.delete(`${repository.repository}@${digest}`);
    return undefined;
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) {
      return { ...missing, message: `${entry} is not there` };
    }
    if (!(error instanceof DrayError) || !isDamage(error)) throw error;
    return { ...damaged, message: damage(entry, error) };
  }
}

/** Other content, more of it than there can be, or the answer of registries whose storage is broken. */
function isDamage(error: DrayError): boolean {
  if (error instanceof RegistryError) return error.status === 500;
  return error.code === "DRAY_CONTENT_MISMATCH" || error.code === "DRAY_REGISTRY_ANSWER_TOO_LARGE";
}

/** What has become of a tag since it was pushed; undefined if it stands for the same. */
export async function tagChange(
  repository: Repository,
  { tag, digest }: { tag: string | undefined; digest: Digest },
  { signal }: ContentOptions,
): Promise<Finding | undefined> {
  if (tag === undefined) return undefined;
  const entry = `${repository.client.registry}/${repository.repository}:${tag}`;
  try {
    const found = await repository.digestBehind(tag, { like: digest, signal });
    if (found === digest) return undefined;
    if (found === undefined) {
      const message = `${entry} is gone: it stood for ${digest}`;
      return { code: "TAG_MISSING", severity: "error", entry, message };
    }
    const message = `${entry} has moved: expected ${digest}, found ${found}`;
    return { code: "TAG_MOVED", severity: "error", entry, message, wanted: digest, found };
  } catch (error) {
    if (!(error instanceof DrayError) || !isDamage(error)) throw error;
    return { code: "TARGET_DAMAGED", severity: "error", entry, message: damage(entry, error) };
  }
}

function damage(entry: string, { message }: DrayError): string {
  return `${entry} is damaged: ${message}`;
}
