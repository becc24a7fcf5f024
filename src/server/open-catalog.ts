import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MANIFEST_FILE, SUMS_FILE } from "../bundle/format.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { Listener, Run } from "../events.ts";
import { INGEST_DIRECTORY } from "../layout/blob-writer.ts";
import { ImageLayout } from "../layout/layout.ts";
import { OwnedIndex } from "../layout/owned-index.ts";
import type { Digest } from "../oci/digest.ts";
import { LAYOUT_FILE } from "../oci/image-layout.ts";
import type { LayoutFiles } from "./layout-files.ts";
import { openLayoutStore, type LayoutStoreOptions } from "./layout-catalog.ts";
import { openSourceStore } from "./source-catalog.ts";
import type { RegistryStore } from "./catalog.ts";
import type { TrustPolicy } from "../trust/policy.ts";
import { openBundleFile, requireUsable, type BundleOptions } from "../stories/open-bundle.ts";

export interface StoreOptions
  extends LayoutStoreOptions, Pick<BundleOptions, "names" | "platforms"> {
  readonly path?: string | undefined;
  readonly writable?: boolean | undefined;
  /** Whose signature a bundle needs. @default nobody is trusted */
  readonly trust?: TrustPolicy | undefined;
}

/** Opens what a registry serves; where the server meets layouts and bundles. */
export async function openStore(options: StoreOptions, run: Run): Promise<RegistryStore> {
  const { path, writable = false } = options;
  if (path === undefined) {
    if (writable) return openTemporary(options, run);
    throw refused("Cannot serve: expected an image layout or a bundle, found no path", {
      hint: "A registry without a path has to be writable.",
    });
  }
  const kind = await kindOf(path);
  if (kind === "file") return openBundle(path, options, run);
  if (writable) {
    const isNew = kind === "missing" || (await readdir(path)).length === 0;
    const layout = await (isNew ? ImageLayout.create(path) : ImageLayout.open(path));
    return openLayoutStore(layoutFiles(layout, run.onEvent), { ...options, ...run });
  }
  if (kind === "missing") throw notFound(path);
  if (!(await isLayout(path, options))) return openBundle(path, options, run);
  const layout = await ImageLayout.open(path);
  return openSourceStore(layoutFiles(layout), await layout.roots(), run);
}

/**
 * An image layout with a list of sums or a manifest of a bundle is a bundle, and checked as one; so
 * is one of which something was said.
 */
async function isLayout(
  directory: string,
  { names = new Map(), platforms = [] }: StoreOptions,
): Promise<boolean> {
  const files = await readdir(directory);
  const isBundle = files.includes(SUMS_FILE) || files.includes(MANIFEST_FILE);
  return files.includes(LAYOUT_FILE) && !isBundle && names.size + platforms.length === 0;
}

async function openTemporary(options: StoreOptions, run: Run): Promise<RegistryStore> {
  const directory = await mkdtemp(join(tmpdir(), "dray-serve-"));
  const store = await openStore({ ...options, path: directory }, run);
  return {
    ...store,
    async close() {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Trusted and complete, or not served at all. */
async function openBundle(path: string, options: StoreOptions, run: Run): Promise<RegistryStore> {
  if (options.writable === true) {
    throw refused(
      `Cannot serve ${JSON.stringify(path)} writable: expected a directory, found a file`,
      {
        hint: "A bundle is served read-only.",
      },
    );
  }
  const { trust = { keys: [] } } = options;
  const quiet = { ...run, onEvent: () => {} };
  const opened = await openBundleFile({ ...options, path, trust, content: "readable" }, quiet);
  try {
    const { view, graph } = requireUsable(path, opened.bundle);
    const roots = graph.roots.map(({ descriptor }) => descriptor);
    const store = await openSourceStore(view, roots, run);
    return { ...store, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function kindOf(path: string): Promise<"directory" | "file" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "file";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "missing";
    throw error;
  }
}

/** An image layout as a registry uses it. */
function layoutFiles(layout: ImageLayout, onEvent?: Listener): LayoutFiles {
  const index = new OwnedIndex(layout.directory);
  return {
    name: layout.name,
    ingestDirectory: join(layout.directory, INGEST_DIRECTORY),
    fetch: (descriptor, options) => layout.fetch(descriptor, options),
    blobFile: (digest) => layout.blobFile(digest),
    sizeOf: ({ digest }) => sizeOf(layout, digest),
    roots: () => index.read(),
    close: () => layout.close(),
    async writeRoots(roots) {
      const added = await index.write(roots);
      if (added === 0) return;
      const message = `Found ${added} new roots in ${layout.name} that something else wrote: they are served after the next start`;
      onEvent?.({ type: "warning", message });
    },
  };
}

async function sizeOf(layout: ImageLayout, digest: Digest): Promise<number | undefined> {
  try {
    const found = await stat(layout.blobFile(digest));
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function notFound(path: string): DrayError {
  return new DrayError(
    "DRAY_FILE_NOT_FOUND",
    `Cannot serve ${JSON.stringify(path)}: no such file`,
    {
      kind: "usage",
    },
  );
}

function refused(message: string, options: { hint?: string } = {}): DrayError {
  return new DrayError("DRAY_SERVE_INVALID", message, { kind: "usage", ...options });
}
