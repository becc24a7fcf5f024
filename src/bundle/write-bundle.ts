import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { framedSize } from "../archive/members/gzip-members.ts";
import { joinSignals } from "../content/concurrency.ts";
import type { Bytes, Content } from "../content/content.ts";
import { DrayError, diskFull, systemCode, unwritable } from "../errors.ts";
import type { Listener } from "../events.ts";
import { digestOf, parseDigest, type Digest } from "../oci/digest.ts";
import type { BundleFile } from "./artifact.ts";
import type { BundleContents, BundleEntry } from "./contents.ts";
import { Filling, type Filled } from "./filling.ts";
import { PartialFile } from "./partial-file.ts";
import { Sealing } from "./sealing.ts";

export interface WriteOptions {
  /** Time stamp of every entry. */
  readonly mtime: Date;
  /** Replace a file that is there. @default false */
  readonly force?: boolean | undefined;
  /**
   * Leave what was fetched, as `PATH.partial` and its journal, to the next run where this one fails.
   * @default false: nothing is left
   */
  readonly keepPart?: boolean | undefined;
  /** Brings the content of what is not made here to its places. @default from its sources, in turn */
  readonly bring?: Bring | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

/** Something that a bundle holds and that is not made here, with its place in the file. */
export interface Place {
  readonly file: BundleFile;
  /**
   * Puts the content there, verified on the way; what an earlier run had brought of it is not asked for.
   * @throws DrayError `DRAY_CONTENT_MISMATCH`
   */
  readonly fill: (content: Content) => Promise<Filled>;
}

/** Fills all `places`, given in the order of the file. */
export type Bring = (places: readonly Place[], signal: AbortSignal) => Promise<unknown>;

export interface WrittenBundle {
  /** Absolute. */
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /** SHA-256 of the file as it was written. */
  readonly fileDigest: Digest;
  /** SHA-256 of `SHA256SUMS`: names the content, whatever the compression or signature. */
  readonly bundleDigest: Digest;
}

/**
 * Writes a bundle. It grows as `PATH.partial`, every byte at its final place, and gets its name when it
 * is whole and on the disk.
 *
 * @throws DrayError `DRAY_FILE_EXISTS`, `DRAY_DISK_FULL`
 */
export async function writeBundle(
  path: string,
  contents: BundleContents,
  options: WriteOptions,
): Promise<WrittenBundle> {
  const target = resolve(path);
  const { keepPart = false, force } = options;
  const partial = await openPartial(target, contents, options);
  let arrived = 0;
  const sealing = new Sealing(framedSize(partial.layout.size), options.onEvent);
  try {
    const filling = new Filling(partial, contents.entries, {
      mtime: options.mtime,
      onSealed: (bytes) => sealing.note(bytes),
    });
    let digest: string;
    try {
      digest = await bringAll(filling, contents.entries, {
        ...options,
        onBrought: () => sealing.begin(),
      });
    } finally {
      await filling.close();
      arrived = filling.arrived;
    }
    if (force !== true) await requireAbsent(target);
    options.onEvent?.({ type: "stage", stage: "sync" });
    options.signal?.throwIfAborted();
    await partial.finish(target);
    return {
      path: target,
      size: framedSize(partial.layout.size),
      fileDigest: parseDigest(`sha256:${digest}`),
      bundleDigest: digestOf(contents.sums),
    };
  } catch (error) {
    const kept = keepPart ? await partial.leave(arrived) : undefined;
    if (!keepPart) await partial.remove();
    if (kept !== undefined) options.onEvent?.({ type: "kept", path: partial.path, bytes: kept });
    throw noRoom(error, target, keepPart) ?? error;
  } finally {
    await partial.close();
  }
}

async function openPartial(
  target: string,
  { entries }: BundleContents,
  { force, keepPart = false }: WriteOptions,
): Promise<PartialFile> {
  try {
    if (force !== true) await requireAbsent(target);
    return await PartialFile.open(`${target}.partial`, entries);
  } catch (error) {
    if (error instanceof DrayError) throw error;
    throw noRoom(error, target, keepPart) ?? unwritable(error, "bundle", target) ?? error;
  }
}

/** What fails first, be it a source or the front, ends the other. */
async function bringAll(
  filling: Filling,
  entries: readonly BundleEntry[],
  { bring = inTurn, signal, onBrought }: WriteOptions & { readonly onBrought: () => void },
): Promise<string> {
  const stop = new AbortController();
  const either = joinSignals(stop.signal, signal);
  filling.digest.catch((error: unknown) => stop.abort(error));
  const places: Place[] = [];
  for (const [index, { content }] of entries.entries()) {
    either.throwIfAborted();
    if (Buffer.isBuffer(content)) await filling.put(index, content);
    else {
      const fill = (from: Content): Promise<Filled> =>
        filling.fill(index, content.descriptor, stoppable(from, either));
      places.push({ file: content, fill });
    }
  }
  try {
    await bring(places, either);
  } catch (error) {
    stop.signal.throwIfAborted();
    throw error;
  }
  onBrought();
  return Promise.race([filling.digest, aborted(either)]);
}

/** Rejects when the signal fires. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Each from its source, one after another. */
async function inTurn(places: readonly Place[], signal: AbortSignal): Promise<void> {
  for (const { file, fill } of places) {
    const { descriptor, source } = file;
    const open = (offset: number): Bytes => source.fetch(descriptor, { offset, signal });
    await fill({ from: source.name, open });
  }
}

/** Content that ends when the run does, whatever it comes from. */
function stoppable(content: Content, signal: AbortSignal): Content {
  return {
    from: content.from,
    async *open(offset) {
      for await (const chunk of content.open(offset)) {
        signal.throwIfAborted();
        yield chunk;
      }
    },
  };
}

/** @throws DrayError `DRAY_FILE_EXISTS` for anything that has this name already */
export async function requireAbsent(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  throw new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot write ${JSON.stringify(path)}: it exists already`,
    {
      kind: "usage",
      hint: "Choose another name with -o, or replace it with --force.",
    },
  );
}

/** The error for what this file system cannot hold: no more, or no file this large. */
function noRoom(cause: unknown, path: string, keepPart: boolean): DrayError | undefined {
  const action = `write ${JSON.stringify(path)}`;
  if (systemCode(cause) !== "EFBIG") {
    const left = keepPart
      ? `the next run goes on with ${JSON.stringify(`${path}.partial`)}, unless you remove it.`
      : "nothing was left behind.";
    return diskFull(cause, action, `Make room or choose another place with -o; ${left}`);
  }
  return new DrayError(
    "DRAY_FILE_TOO_LARGE",
    `Cannot ${action}: the file system takes no file this large`,
    { cause, hint: "FAT32 ends at 4 GiB: write to another file system, such as exFAT." },
  );
}
