import { RegistryError } from "../../errors.ts";
import { READ_ONLY } from "./permanent-refusal.ts";
import type { Repository } from "./repository.ts";
import { MAX_PAGE_BYTES } from "./paged-list.ts";

/**
 * Whether a repository is `there`, would be made by a push (`new`), or whether neither can be told
 * without pushing (`unknown`).
 */
export type Presence = "there" | "new" | "unknown";

/** No registry gives an upload such a name. */
const NO_UPLOAD = "00000000-0000-0000-0000-000000000000";

/** What a registry says of an upload that there is not, when it minds nothing else. */
const UPLOAD_CODES: ReadonlySet<string> = new Set(["BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"]);

/**
 * Asks whether a push could write to a repository, and changes nothing: its tags are asked for, and
 * where it has none, an upload that was never begun. A registry that makes repositories by itself
 * misses the upload, another one the repository.
 *
 * @throws RegistryError if it is refused: the repository or its project is missing, or may not be used
 */
export async function presenceOf(repository: Repository, signal: AbortSignal): Promise<Presence> {
  const { client, repository: name } = repository;
  const request = { method: "GET", scopes: [`repository:${name}:pull,push`], signal } as const;
  const action = `push to ${name}`;
  let isListed = true;
  try {
    const path = `${name}/tags/list?n=1`;
    // Read, as a page for people is no list of tags.
    await client.read({ ...request, action, path, accept: [200] }, MAX_PAGE_BYTES);
    return "there";
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.status !== 404 && !isOfListing(error)) throw error;
    if (client.missing.areMade && error.registryCode === "NAME_UNKNOWN") return "new";
    isListed = error.status === 404;
  }
  const presence = await presenceByUpload(repository, signal);
  return isListed ? presence : "unknown";
}

/** What a registry says of an upload that was never begun. */
async function presenceByUpload(
  { client, repository: name }: Repository,
  signal: AbortSignal,
): Promise<Presence> {
  try {
    const upload = await client.request({
      method: "GET",
      path: `${name}/blobs/uploads/${NO_UPLOAD}`,
      action: `push to ${name}`,
      scopes: [`repository:${name}:pull,push`],
      accept: [204],
      retry: false,
      signal,
    });
    await upload.discard();
    return "unknown";
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (UPLOAD_CODES.has(error.registryCode ?? "")) return "new";
    if (saysMissing(error)) throw error;
    return "unknown";
  }
}

/**
 * Asks whether a repository takes anything at all, where the registry says so without being written to:
 * distribution's own names what may be done at an address, and while it is read-only an upload is none of it.
 *
 * @throws RegistryError `DRAY_REGISTRY_UNSUPPORTED` if it is read-only
 */
export async function requireWritable(repository: Repository, signal: AbortSignal): Promise<void> {
  const { client, repository: name } = repository;
  if (!client.isDistribution) return;
  const options = {
    method: "OPTIONS",
    path: `${name}/blobs/uploads/`,
    action: `push to ${name}`,
    scopes: [`repository:${name}:pull,push`],
    accept: [200, 204, 405],
    retry: false,
    signal,
  } as const;
  let allowed: string | undefined;
  try {
    const answer = await client.request(options);
    await answer.discard();
    allowed = answer.header("allow");
  } catch (error) {
    // Most registries have nothing to say to this, and what they refuse shows with the other questions.
    if (!(error instanceof RegistryError)) throw error;
  }
  if (allowed === undefined || /\bPOST\b/i.test(allowed)) return;
  throw new RegistryError(
    "DRAY_REGISTRY_UNSUPPORTED",
    `Cannot push to ${name} at ${client.name}: it takes no uploads there, and allows ${allowed.slice(0, 100) || "nothing"}`,
    { status: 405, hint: READ_ONLY },
  );
}

/** To list what is there is a right of its own in the clouds, which no push needs. */
function isOfListing({ status, message }: RegistryError): boolean {
  return status === 403 && /\becr:ListImages\b|\bartifactregistry\.\w+\.list\b/.test(message);
}

/** The repository, or what it would be in, is not there or not for this account. */
function saysMissing({ status, registryCode }: RegistryError): boolean {
  if (status === 401 || status === 403) return true;
  return status === 404 && (registryCode === "NAME_UNKNOWN" || registryCode === "NOT_FOUND");
}
