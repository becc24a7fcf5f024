import { basename, dirname, resolve } from "node:path";
import { append } from "../content/append.ts";
import type { Archive, SeekableArchive } from "../archive/archive.ts";
import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import { BundleShelf } from "../bundle/blob-shelf.ts";
import { joinBases, type BlobNeed } from "../bundle/join-bases.ts";
import { isOwnBundle } from "../bundle/locate.ts";
import { openBundle as openOwn } from "../bundle/open.ts";
import type { OpenedBundle } from "../bundle/opened.ts";
import { readsEverything, type ContentNeed } from "../bundle/read-carrier.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { explainPart } from "../archive/parts/explain-part.ts";
import { otherThanSaid } from "../archive/parts/part-damage.ts";
import { openForeign } from "../foreign/foreign-bundle.ts";
import { NO_NAMES, type GivenNames } from "../foreign/given-names.ts";
import type { Platform } from "../oci/platform.ts";
import { findDetached, type FoundSignature } from "../trust/detached.ts";
import type { TrustPolicy } from "../trust/policy.ts";

/** Which bundle, and on whose word. */
export interface BundleOptions {
  /** File or directory; of a bundle that was cut any part, their list, or their folder. */
  readonly path: string;
  /** Folders in which further parts lie. */
  readonly parts?: readonly string[] | undefined;
  /** Bundles that have what this one leaves out, if it is a delta. */
  readonly base?: readonly string[] | undefined;
  /** Whose signature it needs. @default nobody is trusted, and so no bundle */
  readonly trust?: TrustPolicy | undefined;
  /** Leave out what the list of sums does not name instead of refusing it. @default false */
  readonly repair?: boolean | undefined;
  /**
   * For stories that use the content: read and verify every byte first, and not the blobs while they
   * are used. @default false
   */
  readonly verifyFirst?: boolean | undefined;
  /** What images that others have packed are called, where they have no name or shall have another. */
  readonly names?: GivenNames | undefined;
  /** Of every image that others have packed only these. @default all */
  readonly platforms?: readonly Platform[] | undefined;
}

export interface OpenBundleOptions extends BundleOptions {
  /** What will be needed of it. @default "readable" */
  readonly content?: ContentNeed | undefined;
  /** What becomes of blobs that a delta leaves out and no base has. @default "needed": it is refused */
  readonly blobs?: BlobNeed | undefined;
}

/** A bundle whose carrier stays open until `close`. */
export interface BundleHandle {
  readonly bundle: OpenedBundle;
  /** The file or directory that it turned out to lie in; of parts the whole, which need not be there. */
  readonly carrier: string;
  /** Bytes of the carrier's file, 0 for a directory. */
  readonly size: number;
  readonly close: () => Promise<void>;
}

/**
 * Opens a bundle in whatever form it came. What is wrong with it is in its findings: `requireUsable`
 * refuses it.
 */
export async function openBundle(
  options: OpenBundleOptions,
  runOptions: RunOptions = {},
): Promise<BundleHandle> {
  const { path, trust: policy = {} } = options;
  const content = needOf(options);
  const run = startRun(runOptions);
  const { parts } = options;
  const opened = await openArchive(path, { ...run, parts }).catch(async (error: unknown) => {
    throw await explainPart(error, path);
  });
  let archive = opened;
  try {
    if (content === "readable" || content === "verified") archive = await spooled(opened, run);
    const { size } = archive;
    run.onEvent({
      type: "stage",
      stage: readsEverything(content) ? "verify" : "open",
      bytes: size,
    });
    if (!(await isOwnBundle(archive))) {
      const readable = await spooled(archive, run);
      archive = readable;
      const handle = await openOthers(readable, options, run);
      if (handle !== undefined) return handle;
    }
    const carrier = archive;
    const detached = await signaturesBeside(carrier);
    const { repair = false } = options;
    const { signal, onEvent } = run;
    const own = await openOwn(carrier, { policy, detached, repair, content, signal, onEvent });
    const { bundle, close } = await withBases(own, options, run);
    return { bundle, carrier: carrier.path, size, close: closing({ close }, carrier) };
  } catch (error) {
    await archive.close();
    throw await explainPart(error, path, archive.parts);
  }
}

/** A bundle joined with the bases that were named, which stay open as long as it. */
async function withBases(
  own: OpenedBundle,
  options: OpenBundleOptions,
  run: Run,
): Promise<{ readonly bundle: OpenedBundle; readonly close: () => Promise<void> }> {
  const { base = [], blobs = "needed", path } = options;
  if (own.delta === undefined && base.length > 0) {
    const message = `${JSON.stringify(path)} is no delta: --base is not needed`;
    run.onEvent({ type: "warning", message });
    return { bundle: own, close: async () => {} };
  }
  const bases: BundleShelf[] = [];
  try {
    for (const one of base) bases.push(await BundleShelf.open(one, run));
    const verifyNow = readsEverything(needOf(options));
    return {
      bundle: await joinBases(own, { bases, blobs, verifyNow, run }),
      close: closing(...bases),
    };
  } catch (error) {
    await closing(...bases)();
    throw error;
  }
}

/** What others have packed; undefined if it is nothing that is known. */
async function openOthers(
  archive: SeekableArchive,
  options: OpenBundleOptions,
  run: Run,
): Promise<BundleHandle | undefined> {
  const { names = NO_NAMES, platforms = [], trust: policy = {} } = options;
  const content = needOf(options);
  const foreign = await openForeign(archive, { policy, content, names, platforms }, run);
  if (foreign === undefined) return undefined;
  const { path: carrier, size, parts } = archive;
  const wrong = readsEverything(content) ? await otherThanSaid(parts) : [];
  const bundle = { ...foreign.bundle, findings: [...wrong, ...foreign.bundle.findings] };
  return { bundle, carrier, size, close: closing(foreign, archive) };
}

/** Signatures lie beside the whole, or beside any of the parts that it was cut into. */
async function signaturesBeside({ path, parts }: Archive): Promise<readonly FoundSignature[]> {
  const folders = parts?.folders ?? [dirname(path)];
  const found: FoundSignature[] = [];
  for (const folder of folders) append(found, await findDetached(resolve(folder, basename(path))));
  return found;
}

function needOf({ content = "readable", verifyFirst }: OpenBundleOptions): ContentNeed {
  return content === "readable" && verifyFirst === true ? "verified" : content;
}

/** What was opened last is closed first. */
function closing(...opened: readonly { close(): Promise<void> }[]): () => Promise<void> {
  return async () => {
    for (const one of opened) await one.close();
  };
}

/** Opens a bundle, lets `use` work with it and closes it again. */
export async function withBundle<T>(
  options: OpenBundleOptions,
  run: Run,
  use: (bundle: OpenedBundle, carrier: { path: string; size: number }) => Promise<T>,
): Promise<T> {
  const { bundle, carrier, size, close } = await openBundle(options, run);
  try {
    return await use(bundle, { path: carrier, size });
  } finally {
    await close();
  }
}
