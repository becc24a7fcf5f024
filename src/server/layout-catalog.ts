import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { Listener, Run } from "../events.ts";
import { OwnedIndex } from "../layout/index-file.ts";
import { ImageLayout } from "../layout/layout.ts";
import { reasonOf } from "./api-error.ts";
import type { Catalog } from "./catalog.ts";
import { LayoutWriter } from "./layout-writer.ts";
import { ServedRepositories } from "./served-repositories.ts";
import { loadRoots, openSourceCatalog } from "./source-catalog.ts";
import { OpenUploads } from "./open-uploads.ts";
import { WriteBehind } from "./write-behind.ts";

/** Long enough for a client that has to wait for its network, short enough to give disk back. */
const UPLOAD_EXPIRY_MS = 60 * 60 * 1000;

export interface WritableOptions {
  /** An upload that nobody goes on with is forgotten after this time. @default one hour */
  readonly uploadExpiryMs?: number | undefined;
}

/** A read-only catalog over an image layout. @throws DrayError `DRAY_LAYOUT_INVALID` */
export async function openLayoutCatalog(directory: string, run: Run): Promise<Catalog> {
  const layout = await ImageLayout.open(directory);
  return openSourceCatalog(layout, await layout.roots(), run);
}

/**
 * A writable catalog over an image layout, which is made where there is nothing. `index.json` is all
 * that survives a restart: who has which blob is worked out from it, so a blob that no manifest named
 * is uploaded again.
 *
 * @throws DrayError `DRAY_LAYOUT_INVALID` for a directory that holds something else
 */
export async function openWritableCatalog(
  directory: string,
  run: Run,
  { uploadExpiryMs = UPLOAD_EXPIRY_MS }: WritableOptions = {},
): Promise<Catalog> {
  const isNew = await isMissingOrEmpty(directory);
  const layout = await (isNew ? ImageLayout.create(directory) : ImageLayout.open(directory));
  const file = new OwnedIndex(directory);
  const repositories = new ServedRepositories();
  await loadRoots(repositories, { source: layout, roots: await file.read() }, run);
  const uploads = await OpenUploads.create(layout.ingestDirectory, uploadExpiryMs);
  const index = new WriteBehind(
    async () => warnOfOthers(await file.write(repositories.roots()), layout, run.onEvent),
    (error) => run.onEvent({ type: "warning", message: reasonOf(error) }),
  );
  return {
    repositories,
    blobs: layout,
    writer: new LayoutWriter(layout, { repositories, uploads, index }),
    async close() {
      await uploads.close();
      await index.saved();
      await layout.close();
    },
  };
}

/** A writable catalog in a directory of its own, which is removed when it closes. */
export async function openTemporaryCatalog(
  run: Run,
  options: WritableOptions = {},
): Promise<Catalog> {
  const directory = await mkdtemp(join(tmpdir(), "dray-serve-"));
  const catalog = await openWritableCatalog(directory, run, options);
  return {
    ...catalog,
    async close() {
      await catalog.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function isMissingOrEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
}

function warnOfOthers(added: number, { name }: ImageLayout, onEvent: Listener): void {
  if (added === 0) return;
  const message = `Found ${added} new roots in ${name} that something else wrote: they are served after the next start`;
  onEvent({ type: "warning", message });
}
