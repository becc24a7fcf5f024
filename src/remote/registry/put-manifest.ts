import type { SendOptions } from "../../content/content.ts";
import { RegistryError, type DrayError } from "../../errors.ts";
import type { Patience } from "../http/patience.ts";
import type { TransportResponse } from "../http/transport.ts";

interface Writing extends SendOptions {
  readonly patience: Patience;
  /** For messages: `target registry …`. */
  readonly registry: string;
}

/**
 * Writes a manifest where a registry says at first that it does not know what it has just been sent: it
 * is given time; what it named is sent again; and if it still does not know that, it is said whose fault
 * it is.
 */
export async function putManifest(
  send: () => Promise<TransportResponse>,
  { patience, registry, resend, signal }: Writing,
): Promise<TransportResponse> {
  const patiently = (): Promise<TransportResponse> =>
    patience.settle(() => onceMoreIfDamaged(send), isUnknownContent, signal);
  try {
    return await patiently();
  } catch (error) {
    if (!isUnknownContent(error) || resend === undefined) throw error;
    await resend(error.digests);
  }
  try {
    return await patiently();
  } catch (error) {
    throw isUnknownContent(error) ? inconsistent(error, registry) : error;
  }
}

/** What was sent is right: a registry that cannot read it may have got it damaged. */
function onceMoreIfDamaged(send: () => Promise<TransportResponse>): Promise<TransportResponse> {
  return send().catch((error: unknown) => {
    if (!isFoundDamaged(error)) throw error;
    return send();
  });
}

function isFoundDamaged(error: unknown): boolean {
  if (!(error instanceof RegistryError) || error.status !== 400 || error.isPermanent) return false;
  return ["DIGEST_INVALID", "MANIFEST_INVALID", "SIZE_INVALID"].includes(error.registryCode ?? "");
}

/** The manifest is refused for what it needs, and all of that has been sent or was there. */
function isUnknownContent(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.isPermanent) return false;
  return error.registryCodes.some((code) =>
    ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"].includes(code),
  );
}

function inconsistent(cause: RegistryError, registry: string): DrayError {
  const { status, registryCode, registryCodes, digests } = cause;
  const what = digests.length === 0 ? "what the manifest needs" : digests.slice(0, 3).join(", ");
  return new RegistryError("DRAY_REGISTRY_FAILED", cause.message, {
    status,
    registryCode,
    registryCodes,
    digests,
    cause,
    hint: `It took ${what}, twice, and does not know it: storage or cache of ${registry} is at odds with itself. Whoever runs it has to look at its log.`,
  });
}
