import type { Listener } from "../events.ts";
import { reasonOf } from "./api-error.ts";
import type { LayoutFiles } from "./layout-files.ts";
import { LayoutWriter } from "./layout-writer.ts";
import { loadRepositories } from "./load.ts";
import type { RegistryStore } from "./catalog.ts";
import { UploadSessions } from "./upload-sessions.ts";
import { WriteBehind } from "./write-behind.ts";

/** Long enough for a client that has to wait for its network, short enough to give disk back. */
const UPLOAD_EXPIRY_MS = 60 * 60 * 1000;

export interface LayoutStoreOptions {
  /** An upload that nobody goes on with is forgotten after this time. @default one hour */
  readonly uploadExpiryMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/**
 * A writable registry over an image layout. `index.json` is all that survives a restart: who has
 * which blob is worked out from it, so a blob that no manifest named is uploaded again.
 */
export async function openLayoutStore(
  files: LayoutFiles,
  { uploadExpiryMs = UPLOAD_EXPIRY_MS, signal, onEvent }: LayoutStoreOptions = {},
): Promise<RegistryStore> {
  const repositories = await loadRepositories(files, await files.roots(), { signal, onEvent });
  const uploads = await UploadSessions.create(files.ingestDirectory, uploadExpiryMs);
  const index = new WriteBehind(
    () => files.writeRoots(repositories.roots()),
    (error) => onEvent?.({ type: "warning", message: reasonOf(error) }),
  );
  return {
    repositories,
    blobs: files,
    writer: new LayoutWriter(files, { repositories, uploads, index }),
    async close() {
      await uploads.close();
      await index.saved();
      await files.close();
    },
  };
}
