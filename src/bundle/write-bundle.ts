import { resolve } from "node:path";
import type { FileSums } from "../archive/members/cut-hash.ts";
import type { WrittenPart } from "../archive/parts/write-parts.ts";
import { joinSignals } from "../content/concurrency.ts";
import type { Bytes, Content, OpenOptions } from "../content/content.ts";
import { DrayError, unwritable } from "../errors.ts";
import type { Listener } from "../events.ts";
import { digestOf, parseDigest, type Digest } from "../oci/digest.ts";
import type { BundleFile } from "./artifact.ts";
import { BundleOutput } from "./bundle-output.ts";
import type { BundleContents, BundleEntry } from "./contents.ts";
import { Filling, type Filled } from "./filling.ts";
import { sizeOfBundle } from "./open-partial.ts";
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
  /** Bytes of each of the parts that it is written in, where it is larger. @default one file */
  readonly split?: number | undefined;
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
  /** Absolute; of one in parts the first. */
  readonly path: string;
  /** The files that it is: itself alone, or its parts. */
  readonly parts: readonly WrittenPart[];
  /** The list of the sums of these files, as `sha256sum --check` takes it. */
  readonly sums: string;
  /** Bytes of the file. */
  readonly size: number;
  /** SHA-256 of the file as it was written. */
  readonly fileDigest: Digest;
  /** SHA-256 of `SHA256SUMS`: names the content, whatever the compression or signature. */
  readonly bundleDigest: Digest;
}

/**
 * Writes a bundle. It grows as `PATH.partial`, every byte at its final place, and gets its name when it
 * is whole and on the disk. In parts, no file ever is larger than one; the list of their sums lies beside.
 *
 * @throws DrayError `DRAY_FILE_EXISTS`, `DRAY_DISK_FULL`, `DRAY_MEDIUM_FAILED`
 */
export async function writeBundle(
  path: string,
  contents: BundleContents,
  options: WriteOptions,
): Promise<WrittenBundle> {
  const { split = Infinity } = options;
  const output = new BundleOutput(resolve(path), sizeOfBundle(contents.entries), split);
  const { keepPart = false, force = false } = options;
  const partial = await openPartial(output, contents, options);
  let arrived = 0;
  const sealing = new Sealing(output.size, options.onEvent);
  try {
    const filling = new Filling(partial, contents.entries, {
      mtime: options.mtime,
      onSealed: (bytes) => sealing.note(bytes),
    });
    let sums: FileSums;
    try {
      sums = await bringAll(filling, contents.entries, {
        ...options,
        onBrought: () => sealing.begin(),
      });
    } finally {
      await filling.close();
      arrived = filling.arrived;
    }
    await output.requireFree(force);
    options.onEvent?.({ type: "stage", stage: "sync" });
    options.signal?.throwIfAborted();
    await partial.finish(() => output.makeWay(force));
    const parts = await output.finish(sums);
    return {
      path: parts[0]?.path ?? output.target,
      parts,
      sums: output.sums,
      size: output.size,
      fileDigest: parseDigest(`sha256:${sums.whole}`),
      bundleDigest: digestOf(contents.sums),
    };
  } catch (error) {
    if (partial.file.isSyncing) options.onEvent?.({ type: "stage", stage: "sync" });
    await leave(partial, arrived, options);
    throw (await output.failed(error, keepPart)) ?? error;
  } finally {
    await partial.close();
  }
}

/** What becomes of what has arrived when the run fails. */
async function leave(
  partial: PartialFile,
  arrived: number,
  { keepPart = false, onEvent }: WriteOptions,
): Promise<void> {
  if (!keepPart) return partial.remove();
  const kept = await partial.leave(arrived);
  if (kept !== undefined) onEvent?.({ type: "kept", path: partial.path, bytes: kept });
}

async function openPartial(
  output: BundleOutput,
  { entries }: BundleContents,
  { force = false, keepPart = false }: WriteOptions,
): Promise<PartialFile> {
  try {
    await output.requireFree(force);
    return await PartialFile.open(output.parts, entries);
  } catch (error) {
    if (error instanceof DrayError) throw error;
    const failed = await output.failed(error, keepPart);
    throw failed ?? unwritable(error, "bundle", output.target) ?? error;
  }
}

/** What fails first, be it a source or the front, ends the other. */
async function bringAll(
  filling: Filling,
  entries: readonly BundleEntry[],
  { bring = inTurn, signal, onBrought }: WriteOptions & { readonly onBrought: () => void },
): Promise<FileSums> {
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
    const open = (offset: number, options?: OpenOptions): Bytes =>
      source.fetch(descriptor, { ...options, offset, signal });
    await fill({ from: source.name, open });
  }
}

/** Content that ends when the run does, whatever it comes from. */
function stoppable(content: Content, signal: AbortSignal): Content {
  return {
    from: content.from,
    async *open(offset, options) {
      for await (const chunk of content.open(offset, options)) {
        signal.throwIfAborted();
        yield chunk;
      }
    },
  };
}
