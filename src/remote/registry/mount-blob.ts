import { DrayError } from "../../errors.ts";
import { sessionOf, type BlobUpload, type Session, type UploadTarget } from "./upload-session.ts";

/** "mounted", or the ordinary session that the registry opened instead, or nothing. */
export async function tryMount(
  target: UploadTarget,
  { expected, mountFrom, signal }: BlobUpload,
): Promise<"mounted" | Session | undefined> {
  if (mountFrom === undefined) return undefined;
  const query = new URLSearchParams({ mount: expected.digest, from: mountFrom });
  try {
    const response = await target.client.request({
      method: "POST",
      path: `${target.repository}/blobs/uploads/?${query.toString()}`,
      action: `mount blob ${expected.digest} from ${mountFrom}`,
      scopes: [...target.scopes, `repository:${mountFrom}:pull`],
      headers: { "content-length": "0" },
      accept: [201, 202],
      retry: false,
      signal,
    });
    await response.discard();
    return response.status === 201 ? "mounted" : sessionOf(response);
  } catch (error) {
    // Registries and their token servers refuse mounts in many ways; each means: send the blob.
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
