import { readdir, stat } from "node:fs/promises";
import { findParts } from "../archive/parts/find-parts.ts";
import { CONTENTS_FILE, SUMS_FILE } from "../bundle/format.ts";
import { requireUsable, type BundleSource } from "../bundle/opened.ts";
import { verifiedBeforeEnd } from "../content/verify.ts";
import { DrayError, systemCode, unreadable } from "../errors.ts";
import type { Listener, Run } from "../events.ts";
import { announceWarnings } from "../finding.ts";
import { DOCKER_MANIFEST } from "../foreign/docker-manifest.ts";
import { hasNames, NO_NAMES, type GivenNames } from "../foreign/given-names.ts";
import { LAYOUT_FILE } from "../oci/image-layout.ts";
import type { Platform } from "../oci/platform.ts";
import type { BlobSource, Catalog } from "../server/catalog.ts";
import {
  openLayoutCatalog,
  openTemporaryCatalog,
  openWritableCatalog,
} from "../server/layout-catalog.ts";
import { openSourceCatalog } from "../server/source-catalog.ts";
import type { TrustPolicy } from "../trust/policy.ts";
import { openBundle } from "./open-bundle.ts";

/** What a registry serves. */
export interface ServedOptions {
  /** An image layout or a bundle. @default a new directory that is removed at the end */
  readonly path?: string | undefined;
  /** Take pushes; a directory that does not exist is made. @default false */
  readonly writable?: boolean | undefined;
  /** When nobody goes on with an upload for so long, it is forgotten. @default one hour */
  readonly uploadExpiryMs?: number | undefined;
  /** Folders in which further parts of a bundle lie that was cut into several. */
  readonly parts?: readonly string[] | undefined;
  /** Bundles that have what a delta leaves out. */
  readonly base?: readonly string[] | undefined;
  /** Whose signature a bundle needs. @default nobody is trusted */
  readonly trust?: TrustPolicy | undefined;
  /** Read and verify every byte of a bundle before it is served. @default false */
  readonly verifyFirst?: boolean | undefined;
  /** Of what others have packed: what images are called. A path of which this is said is a bundle. */
  readonly names?: GivenNames | undefined;
  /** Of what others have packed: of every image only these. @default all */
  readonly platforms?: readonly Platform[] | undefined;
}

/**
 * Opens what a registry is to serve.
 * @throws BundleRefused, DrayError `DRAY_SERVE_INVALID`, `DRAY_FILE_NOT_FOUND`, `DRAY_LAYOUT_INVALID`
 */
export async function openServed(options: ServedOptions, run: Run): Promise<Catalog> {
  const { path, writable = false, uploadExpiryMs } = options;
  if (path === undefined) {
    if (writable) return openTemporaryCatalog(run, { uploadExpiryMs });
    throw invalid("Cannot serve: expected an image layout or a bundle, found no path", {
      hint: "A registry without a path has to be writable.",
    });
  }
  const kind = await kindOf(path);
  if (writable) {
    if (kind !== "file") return openWritableCatalog(path, run, { uploadExpiryMs });
    const message = `Cannot serve ${JSON.stringify(path)} writable: expected a directory, found a file`;
    throw invalid(message, { hint: "A bundle is served read-only." });
  }
  // A bundle that was cut goes by the name of the whole too.
  if (kind === "missing" && typeof (await findParts(path, [])) === "string") throw notFound(path);
  const isLayout = kind === "directory" && (await isPlainLayout(path, options));
  return isLayout ? openLayoutCatalog(path, run) : openBundled(path, options, run);
}

async function kindOf(path: string): Promise<"directory" | "file" | "missing"> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "file";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "missing";
    throw unreadable(error, "what to serve,", path) ?? error;
  }
}

/**
 * An image layout with a list of sums or the contents document of one is a bundle, and checked as one; so
 * is one of which something was said, and one with Docker's table beside, which may hold more.
 */
async function isPlainLayout(
  directory: string,
  { names = NO_NAMES, platforms = [] }: ServedOptions,
): Promise<boolean> {
  const files = await readdir(directory);
  const isBundle = files.includes(SUMS_FILE) || files.includes(CONTENTS_FILE);
  const isPlain = !isBundle && !files.includes(DOCKER_MANIFEST);
  return files.includes(LAYOUT_FILE) && isPlain && !hasNames(names) && platforms.length === 0;
}

/** Trusted and complete, or not served at all. */
async function openBundled(path: string, options: ServedOptions, run: Run): Promise<Catalog> {
  const { parts, base, trust, verifyFirst, names, platforms } = options;
  // Nobody waits for progress here: what a registry says is about what it serves.
  const onEvent: Listener = (event) => event.type === "warning" && run.onEvent(event);
  const quiet = { ...run, onEvent };
  const opened = await openBundle(
    { path, parts, base, trust, verifyFirst, names, platforms },
    quiet,
  );
  try {
    const { source, graph, findings } = requireUsable(path, opened.bundle);
    announceWarnings(findings, onEvent);
    const roots = graph.roots.map(({ descriptor }) => descriptor);
    const catalog = await openSourceCatalog(checkedWhileSent(source), roots, run);
    return { ...catalog, close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Nobody gets the end of a blob that is damaged; parts of it are for who asks to verify. */
function checkedWhileSent(source: BundleSource): BlobSource {
  const { name } = source;
  return {
    name,
    sizeOf: (descriptor) => source.sizeOf(descriptor),
    fetch(descriptor, options = {}) {
      const content = source.fetch(descriptor, options);
      const isWhole = (options.offset ?? 0) === 0;
      return isWhole ? verifiedBeforeEnd(content, descriptor, { from: name }) : content;
    },
  };
}

function notFound(path: string): DrayError {
  const message = `Cannot serve ${JSON.stringify(path)}: no such file`;
  const hint =
    "Check the path: it counts from the directory that dray runs in. With --writable a new directory is made.";
  return new DrayError("DRAY_FILE_NOT_FOUND", message, { kind: "usage", hint });
}

function invalid(message: string, { hint }: { hint: string }): DrayError {
  return new DrayError("DRAY_SERVE_INVALID", message, { kind: "usage", hint });
}
