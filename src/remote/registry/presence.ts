import { RegistryError } from "../../errors.ts";
import type { Repository } from "./repository.ts";

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
  try {
    const path = `${name}/tags/list?n=1`;
    const tags = await client.request({ ...request, action, path, accept: [200] });
    await tags.discard();
    return "there";
  } catch (error) {
    if (!(error instanceof RegistryError) || error.status !== 404) throw error;
    if (client.missing.areMade && error.registryCode === "NAME_UNKNOWN") return "new";
  }
  try {
    const path = `${name}/blobs/uploads/${NO_UPLOAD}`;
    const upload = await client.request({ ...request, action, path, accept: [204], retry: false });
    await upload.discard();
    return "unknown";
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (UPLOAD_CODES.has(error.registryCode ?? "")) return "new";
    if (saysMissing(error)) throw error;
    return "unknown";
  }
}

/** The repository, or what it would be in, is not there or not for this account. */
function saysMissing({ status, registryCode }: RegistryError): boolean {
  if (status === 401 || status === 403) return true;
  return status === 404 && (registryCode === "NAME_UNKNOWN" || registryCode === "NOT_FOUND");
}
