import { resolve } from "node:path";
import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import { isOwnBundle } from "../bundle/locate.ts";
import { openBundle as openOwn } from "../bundle/open.ts";
import type { OpenedBundle } from "../bundle/opened.ts";
import { readsEverything, type ContentNeed } from "../bundle/read-carrier.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { explainPart } from "../archive/parts.ts";
import { openForeign } from "../foreign/foreign-bundle.ts";
import { NO_NAMES, type GivenNames } from "../foreign/given-names.ts";
import type { Platform } from "../oci/platform.ts";
import { findDetached } from "../trust/detached.ts";
import type { TrustPolicy } from "../trust/policy.ts";

/** Which bundle, and on whose word. */
export interface BundleOptions {
  /** File or directory. */
  readonly path: string;
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
}

/** A bundle whose carrier stays open until `close`. */
export interface BundleHandle {
  readonly bundle: OpenedBundle;
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
  const opened = await openArchive(path, run).catch((error: unknown) => {
    throw explainPart(path, error);
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
      const { names = NO_NAMES, platforms = [] } = options;
      const foreign = await openForeign(readable, { policy, content, names, platforms }, run);
      if (foreign !== undefined) {
        return { bundle: foreign.bundle, size, close: closing(foreign, readable) };
      }
    }
    const carrier = archive;
    const detached = await findDetached(resolve(carrier.path));
    const { repair = false } = options;
    const { signal, onEvent } = run;
    const bundle = await openOwn(carrier, { policy, detached, repair, content, signal, onEvent });
    return { bundle, size, close: () => carrier.close() };
  } catch (error) {
    await archive.close();
    throw explainPart(path, error);
  }
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
  use: (bundle: OpenedBundle, carrier: { size: number }) => Promise<T>,
): Promise<T> {
  const { bundle, size, close } = await openBundle(options, run);
  try {
    return await use(bundle, { size });
  } finally {
    await close();
  }
}
