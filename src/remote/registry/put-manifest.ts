import type { SendOptions } from "../../content/content.ts";
import { DrayError, RegistryError, withHint } from "../../errors.ts";
import type { Patience } from "../http/patience.ts";
import type { TransportResponse } from "../http/transport.ts";

interface Writing extends SendOptions {
  readonly patience: Patience;
  /** For messages: `target registry …`. */
  readonly registry: string;
  /** Whether the same manifest can be read where it is written. */
  readonly isThere: () => Promise<boolean>;
}

/**
 * As `persuade`. Undefined where an attempt has written the manifest and its answer got lost, and the
 * registry takes nothing twice.
 */
export async function putManifest(
  send: () => Promise<TransportResponse>,
  writing: Writing,
): Promise<TransportResponse | undefined> {
  try {
    return await persuade(send, writing);
  } catch (error) {
    writing.signal?.throwIfAborted();
    if (mayBeThere(error) && (await isReadable(writing))) return undefined;
    throw error;
  }
}

/** Answers of registries where nothing is written twice. */
function mayBeThere(error: unknown): boolean {
  if (!(error instanceof RegistryError) || error.missesContent) return false;
  return [400, 409, 412].includes(error.status);
}

/** False also where nobody says: why it was refused says more than why it cannot be read. */
async function isReadable({ isThere }: Writing): Promise<boolean> {
  try {
    return await isThere();
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}

/**
 * Writes a manifest where a registry says at first that it does not know what it has just been sent: it
 * is given time; what it named is sent again; and if it still does not know that, it is said whose fault
 * it is.
 */
async function persuade(
  send: () => Promise<TransportResponse>,
  { patience, registry, resend, signal }: Writing,
): Promise<TransportResponse> {
  const patiently = (): Promise<TransportResponse> =>
    patience.settle(() => onceMoreIfDamaged(send), isUnknownContent, signal);
  try {
    return await patiently();
  } catch (error) {
    if (resend === undefined || !(isUnknownContent(error) || isFoundDamaged(error))) throw error;
    // Of a manifest that is "invalid", what was only said to be there may be what is wrong.
    const isSent = await resend(error.digests, { onlyClaimed: !isUnknownContent(error) });
    if (!isSent) throw error;
  }
  try {
    return await patiently();
  } catch (error) {
    if (isUnknownContent(error)) throw inconsistent(error, registry);
    throw isFoundDamaged(error) ? notTaken(error) : error;
  }
}

/** What was sent is right: a registry that cannot read it may have got it damaged. */
function onceMoreIfDamaged(send: () => Promise<TransportResponse>): Promise<TransportResponse> {
  return send().catch((error: unknown) => {
    if (!isFoundDamaged(error)) throw error;
    return send();
  });
}

function isFoundDamaged(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError) || error.isPermanent || error.missesContent) return false;
  if (error.status !== 400 && error.status !== 404) return false;
  return ["DIGEST_INVALID", "MANIFEST_INVALID", "SIZE_INVALID"].includes(error.registryCode ?? "");
}

/** The manifest is refused for what it needs, and all of that has been sent or was there. */
function isUnknownContent(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.missesContent;
}

function inconsistent(cause: RegistryError, registry: string): DrayError {
  const { digests } = cause;
  const what = digests.length === 0 ? "what the manifest needs" : digests.slice(0, 3).join(", ");
  return withHint(
    cause,
    `It took ${what}, twice, and does not know it: storage or cache of ${registry} is at odds with itself. Whoever runs it has to look at its log.`,
    "DRAY_REGISTRY_FAILED",
  );
}

function notTaken(cause: RegistryError): DrayError {
  return withHint(
    cause,
    "What it said to have already was sent again, whole, and it refuses the manifest as before: the reason stands in the log of whoever runs it. --exclude leaves the artifact out.",
    "DRAY_REGISTRY_FAILED",
  );
}
