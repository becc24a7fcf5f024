import { DrayError } from "../errors.ts";
import type { Listener, RunOptions } from "../events.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { MAX_INDEX_DEPTH, successorsOf } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { all, atMost, DEFAULT_CONCURRENCY, joinSignals, type Limit } from "./concurrency.ts";
import {
  watched,
  type Bytes,
  type Content,
  type OpenOptions,
  type PushResult,
  type Resend,
  type Source,
  type Target,
} from "./content.ts";
import { contentOf } from "./memory.ts";
import { readManifest } from "./verify.ts";

export interface CopyOptions {
  readonly source: Source;
  readonly target: Target;
  /** A manifest, an index or a lone blob. */
  readonly root: Descriptor;
  /** Blobs moved at the same time. @default 3 */
  readonly concurrency?: number | undefined;
}

/**
 * Copies `root` and all that it needs; what is at the target already is not sent again. Everything is
 * verified on the way. Names are no part of it: tags and `index.json` are written afterwards.
 */
export async function copy(
  { source, target, root, concurrency = DEFAULT_CONCURRENCY }: CopyOptions,
  { signal, onEvent }: RunOptions = {},
): Promise<void> {
  const limit = atMost(concurrency);
  await new GraphCopy(source, target, { limit, signal, onEvent }).copy(root);
}

export interface GraphCopyOptions {
  /** Shared by every copy that uses the same registry. */
  readonly limit: Limit;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
  /** What else is copied goes on when one root fails. @default false: the first failure stops all */
  readonly keepGoing?: boolean | undefined;
}

/**
 * Copies graphs from one source to one target: children before parents, each blob once, what is
 * there already is skipped. Pulling, pushing and mirroring are all this.
 */
export class GraphCopy {
  readonly #source: Source;
  readonly #target: Target;
  readonly #options: GraphCopyOptions;
  /** By digest and kind: what is a manifest here may be a layer there, with nothing below it. */
  readonly #started = new Map<string, Promise<void>>();
  /** What was sent whole, and not only said to be there. */
  readonly #sent = new Set<Digest>();
  /** Stops what is still running once one part has failed. */
  readonly #failure = new AbortController();
  readonly #signal: AbortSignal;

  constructor(source: Source, target: Target, options: GraphCopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#signal = joinSignals(this.#failure.signal, options.signal);
  }

  /** Resolves when `root` and all that it needs are at the target. */
  async copy(root: Descriptor): Promise<void> {
    try {
      await this.#node(root, 0);
    } catch (error) {
      // Whoever was stopped may be heard before the one whose failure stopped it.
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  #node(descriptor: Descriptor, depth: number): Promise<void> {
    const isManifest = isManifestType(descriptor.mediaType);
    const key = `${isManifest ? "manifest" : "blob"} ${descriptor.digest}`;
    const started = this.#started.get(key);
    if (started !== undefined) return started;
    const running = isManifest
      ? this.#manifest(descriptor, depth)
      : this.#options.limit(() => this.#blob(descriptor));
    this.#started.set(key, running);
    running.catch((error: unknown) => {
      if (this.#options.keepGoing !== true) this.#failure.abort(error);
    });
    return running;
  }

  async #manifest(descriptor: Descriptor, depth: number): Promise<void> {
    const { limit } = this.#options;
    const signal = this.#signal;
    if (depth > MAX_INDEX_DEPTH) throw tooDeep(descriptor);
    const manifest = await limit(() => readManifest(this.#source, descriptor, { signal }));
    const children = successorsOf(manifest);
    await all(children.map((child) => this.#node(child, depth + 1)));
    const content = contentOf(manifest.raw, this.#source.name);
    const resend: Resend = (named, { onlyClaimed }) =>
      this.#resend(
        children.filter(({ digest }) => !onlyClaimed || !this.#sent.has(digest)),
        named,
      );
    // The content's own type is what a registry compares with the Content-Type of the upload.
    const typed = { ...descriptor, mediaType: manifest.mediaType };
    // What it needs was not there until now, so nobody has taken it before.
    const isNew = children.some(({ digest }) => this.#sent.has(digest));
    await limit(() => this.#transfer(typed, content, { resend, isNew }));
  }

  async #blob(descriptor: Descriptor): Promise<void> {
    await this.#transfer(descriptor, this.#contentOf(descriptor));
  }

  #contentOf(descriptor: Descriptor): Content {
    const signal = this.#signal;
    const open = (offset: number, options?: OpenOptions): Bytes =>
      this.#source.fetch(descriptor, { ...options, signal, offset });
    const route = { descriptor, target: this.#target.name };
    return watched({ from: this.#source.name, open }, route, this.#options.onEvent);
  }

  async #transfer(
    descriptor: Descriptor,
    content: Content,
    { resend, isNew = false }: { readonly resend?: Resend; readonly isNew?: boolean } = {},
  ): Promise<void> {
    const signal = this.#signal;
    signal.throwIfAborted();
    const present = !isNew && (await this.#target.exists(descriptor, { signal }));
    const options = { signal, ...(resend === undefined ? {} : { resend }) };
    try {
      const type = present ? "skipped" : await this.#target.push(descriptor, content, options);
      this.#arrived(type, descriptor);
    } catch (error) {
      this.#options.onEvent?.({ type: "failed", descriptor, target: this.#target.name });
      throw error;
    }
  }

  #arrived(type: PushResult, descriptor: Descriptor): void {
    if (type === "copied") this.#sent.add(descriptor.digest);
    this.#options.onEvent?.({ type, descriptor, target: this.#target.name });
  }

  /** Sends what the target named; where it named nothing, what it only said to have. */
  async #resend(children: readonly Descriptor[], named: readonly string[]): Promise<boolean> {
    const isNamed = children.some(({ digest }) => named.includes(digest));
    const wanted = children.filter(({ digest }) =>
      isNamed ? named.includes(digest) : !this.#sent.has(digest),
    );
    for (const child of wanted) {
      const options = { signal: this.#signal, afresh: true };
      this.#arrived(await this.#target.push(child, this.#contentOf(child), options), child);
    }
    return wanted.length > 0;
  }
}

function tooDeep(descriptor: Descriptor): DrayError {
  return new DrayError(
    "DRAY_MANIFEST_UNSUPPORTED",
    `Cannot copy ${descriptor.digest}: expected at most ${MAX_INDEX_DEPTH} indexes inside one another`,
    { kind: "refused" },
  );
}
