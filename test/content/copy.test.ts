import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import {
  collect,
  type Bytes,
  type Content,
  type ContentOptions,
  type FetchOptions,
  type PushResult,
  type Source,
  type Target,
} from "../../src/content/content.ts";
import { atMost } from "../../src/content/concurrency.ts";
import { copy, GraphCopy, type GraphCopyOptions } from "../../src/content/copy.ts";
import { authored, once, type Authored } from "../../src/content/memory.ts";
import { verified } from "../../src/content/verify.ts";
import type { DrayEvent } from "../../src/events.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { MAX_INDEX_DEPTH } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media-type.ts";

/** A source that holds everything in memory, and does what a test tells it before it answers. */
class MemorySource implements Source {
  readonly name = "source";
  readonly asked: Digest[] = [];
  readonly blobs = new Map<Digest, Buffer>();
  readonly #before: (descriptor: Descriptor, options: FetchOptions) => Promise<void>;

  constructor(
    images: readonly MadeImage[],
    before: (descriptor: Descriptor, options: FetchOptions) => Promise<void> = async () => {},
  ) {
    this.#before = before;
    for (const { root, blobs } of images) {
      for (const { descriptor, bytes } of [...blobs, root])
        this.blobs.set(descriptor.digest, bytes);
    }
  }

  async *fetch(descriptor: Descriptor, options: FetchOptions = {}): Bytes {
    this.asked.push(descriptor.digest);
    await this.#before(descriptor, options);
    const bytes = this.blobs.get(descriptor.digest);
    if (bytes === undefined) throw new Error(`no ${descriptor.digest}`);
    yield bytes.subarray(options.offset ?? 0);
  }
}

/** A target that remembers in which order things arrived. */
class MemoryTarget implements Target {
  readonly name = "target";
  readonly blobs = new Map<Digest, Buffer>();
  readonly arrived: Descriptor[] = [];
  readonly asked: Digest[] = [];

  async exists({ digest }: Descriptor): Promise<boolean> {
    this.asked.push(digest);
    return this.blobs.has(digest);
  }

  async push(
    expected: Descriptor,
    content: Content,
    { signal }: ContentOptions = {},
  ): Promise<PushResult> {
    const bytes = await collect(verified(content.open(0), expected, { from: content.from }));
    signal?.throwIfAborted();
    this.blobs.set(expected.digest, bytes);
    this.arrived.push(expected);
    return "copied";
  }
}

function copyOf(source: Source, target: Target, more: Partial<GraphCopyOptions> = {}): GraphCopy {
  return new GraphCopy(source, target, { limit: atMost(3), ...more });
}

function indexOf(
  children: readonly Authored[],
  platform?: { os: string; architecture: string },
): Authored {
  const manifests = children.map(({ descriptor }) => ({ ...descriptor, platform }));
  const document = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  return authored(MediaType.ociIndex, Buffer.from(JSON.stringify(document)));
}

/** An image of many layers, whose source counts how many are read at the same time. */
function manyLayers(): { image: MadeImage; source: Source; most: () => number } {
  let running = 0;
  let most = 0;
  const image = makeImage(Array.from({ length: 20 }, (_, index) => makeLayer(`l${index}`, 10)));
  const source = new MemorySource([image], async () => {
    most = Math.max(most, ++running);
    await settle();
    running--;
  });
  return { image, source, most: () => most };
}

/** Unhandled rejections fail the run by themselves; this gives them time to happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

describe("GraphCopy", () => {
  it("brings everything over, children before parents, whatever the shape", async () => {
    const shape = fc.letrec<{ node: MadeImage }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc
          .array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 })
          .map((seeds) => makeImage(seeds.map((seed) => makeLayer(`shape-${seed}`, 100)))),
        fc.array(tie("node"), { maxLength: 3 }).map((children) => ({
          root: indexOf(children.map(({ root }) => root)),
          blobs: children.flatMap(({ root, blobs }) => [...blobs, root]),
        })),
      ),
    })).node;
    await fc.assert(
      fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 3 }), async (images) => {
        const target = new MemoryTarget();
        const source = new MemorySource(images);
        const graphCopy = copyOf(source, target);
        await Promise.all(images.map(({ root }) => graphCopy.copy(root.descriptor)));
        expect(new Set(target.blobs.keys())).toEqual(new Set(source.blobs.keys()));
        expect(target.arrived).toHaveLength(target.blobs.size);
        const order = new Map(target.arrived.map(({ digest }, index) => [digest, index]));
        for (const { root, blobs } of images) {
          for (const { descriptor, bytes } of [...blobs, root]) {
            for (const [child] of bytes.toString("latin1").matchAll(/sha256:[a-f0-9]{64}/g)) {
              // Configs name layers by digests of their own that are no blobs.
              const below = order.get(child as Digest) ?? -1;
              expect(below).toBeLessThan(order.get(descriptor.digest) ?? -1);
            }
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it("asks for a blob that many share once, also across copies", async () => {
    const shared = makeLayer("shared", 1000);
    const images = Array.from({ length: 10 }, (_, index) =>
      makeImage([shared, makeLayer(`own-${index}`, 100)]),
    );
    const source = new MemorySource(images);
    const graphCopy = copyOf(source, new MemoryTarget());
    await Promise.all(images.map(({ root }) => graphCopy.copy(root.descriptor)));
    expect(source.asked.filter((digest) => digest === shared.descriptor.digest)).toHaveLength(1);
    expect(new Set(source.asked).size).toBe(source.asked.length);
  });

  it("sends nothing that is there already, and says so", async () => {
    const image = makeMultiArch("there");
    const source = new MemorySource([image]);
    const target = new MemoryTarget();
    await copyOf(source, target).copy(image.root.descriptor);
    const before = target.arrived.length;
    const events: DrayEvent[] = [];
    await copyOf(source, target, { onEvent: (event) => events.push(event) }).copy(
      image.root.descriptor,
    );
    expect(target.arrived).toHaveLength(before);
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: before }, () => "skipped"));
  });

  it("asks for a parent only where no child of it was missing", async () => {
    const image = makeImage([makeLayer("first", 100), makeLayer("second", 100)]);
    const { digest } = image.root.descriptor;
    const source = new MemorySource([image]);
    const target = new MemoryTarget();
    await copyOf(source, target).copy(image.root.descriptor);
    expect(target.asked).not.toContain(digest);
    expect(new Set(target.asked).size).toBe(3);
    target.asked.length = 0;
    await copyOf(source, target).copy(image.root.descriptor);
    expect(target.asked).toContain(digest);
  });

  it("counts the bytes of blobs that pass", async () => {
    const image = makeImage([makeLayer("a", 1000), makeLayer("b", 2000)]);
    let bytes = 0;
    await copyOf(new MemorySource([image]), new MemoryTarget(), {
      onEvent: (event) => {
        if (event.type === "progress") bytes += event.bytes;
      },
    }).copy(image.root.descriptor);
    expect(bytes).toBe(image.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0));
  });

  it("copies content that is a layer here and a manifest there as both", async () => {
    const inner = makeImage([makeLayer("inner", 100)]);
    const asLayer = { ...inner.root, descriptor: { ...inner.root.descriptor, mediaType: "a/b" } };
    const outer = makeImage([{ ...asLayer, diffId: "" }]);
    const source = new MemorySource([inner, outer]);
    const target = new MemoryTarget();
    const graphCopy = copyOf(source, target);
    await graphCopy.copy(outer.root.descriptor);
    await graphCopy.copy(inner.root.descriptor);
    for (const { descriptor } of inner.blobs)
      expect(target.blobs.has(descriptor.digest)).toBe(true);
  });

  it("follows indexes in indexes as deep as real ones go and refuses more", async () => {
    const image = makeImage([makeLayer("deep", 100)]);
    const chain = (levels: number): MadeImage => {
      const blobs: Authored[] = [...image.blobs, image.root];
      let root = image.root;
      for (let level = 0; level < levels; level++) blobs.push((root = indexOf([root])));
      return { root, blobs };
    };
    const good = chain(MAX_INDEX_DEPTH);
    const target = new MemoryTarget();
    await copyOf(new MemorySource([good]), target).copy(good.root.descriptor);
    expect(target.blobs.has(good.root.descriptor.digest)).toBe(true);
    const deep = chain(MAX_INDEX_DEPTH + 1);
    await expect(
      copyOf(new MemorySource([deep]), new MemoryTarget()).copy(deep.root.descriptor),
    ).rejects.toMatchObject({ code: "DRAY_MANIFEST_UNSUPPORTED" });
  });

  it("announces to the target the type that the content itself names", async () => {
    const image = makeImage([makeLayer("typed", 10)]);
    const target = new MemoryTarget();
    const announced = { ...image.root.descriptor, mediaType: MediaType.dockerManifest };
    await copyOf(new MemorySource([image]), target).copy(announced);
    expect(target.arrived.at(-1)?.mediaType).toBe(MediaType.ociManifest);
  });

  it("stores no parent whose child failed", async () => {
    const image = makeMultiArch("broken");
    const source = new MemorySource([image]);
    for (const { descriptor } of image.blobs.slice(0, 1)) {
      source.blobs.set(descriptor.digest, Buffer.from("other bytes"));
    }
    const target = new MemoryTarget();
    await expect(copyOf(source, target).copy(image.root.descriptor)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    await settle();
    expect(target.blobs.has(image.root.descriptor.digest)).toBe(false);
  });

  it("throws what failed first, though others notice the end of it sooner", async () => {
    const first = makeImage([makeLayer("fails", 10), makeLayer("slow", 10)]);
    const second = makeImage([makeLayer("quick", 10)]);
    const index = indexOf([first.root, second.root]);
    const image = {
      root: index,
      blobs: [...first.blobs, first.root, ...second.blobs, second.root],
    };
    const [, failing, slow] = first.blobs.map(({ descriptor }) => descriptor.digest);
    const [, quick] = second.blobs.map(({ descriptor }) => descriptor.digest);
    const source = new MemorySource([image], async ({ digest }, { signal }) => {
      if (digest === failing) {
        await settle();
        throw new Error("this was first");
      }
      if (digest !== slow && digest !== quick) return;
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      if (digest === slow) await settle();
      throw new Error(digest === slow ? "slow to stop" : "stopped at once");
    });
    const graphCopy = copyOf(source, new MemoryTarget(), { limit: atMost(10) });
    await expect(graphCopy.copy(index.descriptor)).rejects.toThrow("this was first");
  });

  it("gives every copy that it serves the same failure, and nobody's goes unhandled", async () => {
    const images = [makeMultiArch("one"), makeMultiArch("two"), makeMultiArch("three")];
    const source = new MemorySource(images, async ({ mediaType }) => {
      if (mediaType === MediaType.ociLayerGzip) throw new Error("no layers today");
    });
    const graphCopy = copyOf(source, new MemoryTarget());
    const results = await Promise.allSettled(
      images.map(({ root }) => graphCopy.copy(root.descriptor)),
    );
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { message: "no layers today" } });
    }
    await settle();
  });

  it("starts nothing new after the first failure", async () => {
    const layers = Array.from({ length: 50 }, (_, index) => makeLayer(`layer-${index}`, 10));
    const image = makeImage(layers);
    const source = new MemorySource([image], async ({ mediaType }) => {
      if (mediaType === MediaType.ociLayerGzip) throw new Error("no layers today");
    });
    await expect(copyOf(source, new MemoryTarget()).copy(image.root.descriptor)).rejects.toThrow(
      "no layers today",
    );
    await settle();
    expect(source.asked.length).toBeLessThan(8);
  });

  it("stops when it is told to and throws the reason it was given", async () => {
    const image = makeMultiArch("stopped");
    const reason = new Error("the user went home");
    const stop = new AbortController();
    const source = new MemorySource([image], async ({ mediaType }, { signal }) => {
      if (mediaType !== MediaType.ociLayerGzip) return;
      setTimeout(() => stop.abort(reason), 5);
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      throw new DOMException("This operation was aborted", "AbortError");
    });
    const target = new MemoryTarget();
    await expect(
      copyOf(source, target, { signal: stop.signal }).copy(image.root.descriptor),
    ).rejects.toBe(reason);
    expect(target.blobs.has(image.root.descriptor.digest)).toBe(false);
    await settle();
  });

  it("does not begin when it was told to stop before", async () => {
    const image = makeMultiArch("never");
    const source = new MemorySource([image]);
    const target = new MemoryTarget();
    const signal = AbortSignal.abort(new Error("before it began"));
    await expect(copyOf(source, target, { signal }).copy(image.root.descriptor)).rejects.toThrow(
      "before it began",
    );
    expect(target.arrived).toEqual([]);
  });

  it("runs no more at a time than it may", async () => {
    const { source, image, most } = manyLayers();
    await copyOf(source, new MemoryTarget(), { limit: atMost(2) }).copy(image.root.descriptor);
    expect(most()).toBe(2);
  });

  it("ends where a hundred deep indexes share two places", async () => {
    const image = makeImage([makeLayer("leaf", 10)]);
    const indexes = Array.from({ length: 100 }, (_, index) =>
      indexOf([indexOf([image.root], { os: `os${index}`, architecture: "x" })]),
    );
    const blobs = indexes.flatMap((outer, index) => [
      indexOf([image.root], { os: `os${index}`, architecture: "x" }),
      outer,
    ]);
    const source = new MemorySource([{ root: image.root, blobs: [...image.blobs, ...blobs] }]);
    const target = new MemoryTarget();
    const graphCopy = copyOf(source, target, { limit: atMost(2) });
    await Promise.all(indexes.map(({ descriptor }) => graphCopy.copy(descriptor)));
    expect(target.blobs.size).toBe(source.blobs.size);
  });

  it("copies an empty layer and an image without layers", async () => {
    const empty = authored(MediaType.ociLayer, Buffer.alloc(0));
    const images = [makeImage([]), makeImage([{ ...empty, diffId: "" }])];
    const target = new MemoryTarget();
    const graphCopy = copyOf(new MemorySource(images), target);
    for (const { root } of images) await graphCopy.copy(root.descriptor);
    expect(target.blobs.get(empty.descriptor.digest)).toHaveLength(0);
    await expect(collect(once(Buffer.alloc(0)))).resolves.toHaveLength(0);
  });
});

describe("copy()", () => {
  it("brings a root and all that it needs, three at a time", async () => {
    const { source, image, most } = manyLayers();
    const target = new MemoryTarget();
    await copy({ source, target, root: image.root.descriptor });
    expect(target.blobs.size).toBe(image.blobs.length + 1);
    expect(most()).toBe(3);
  });

  it("takes more at a time where that is said", async () => {
    const { source, image, most } = manyLayers();
    await copy({ source, target: new MemoryTarget(), root: image.root.descriptor, concurrency: 7 });
    expect(most()).toBe(7);
  });

  it("says what it does and stops when it is told to", async () => {
    const { source, image } = manyLayers();
    const stop = new AbortController();
    const events: string[] = [];
    const onEvent = ({ type }: DrayEvent): void => {
      events.push(type);
      if (type === "copied") stop.abort(new Error("enough"));
    };
    const copying = copy(
      { source, target: new MemoryTarget(), root: image.root.descriptor },
      { signal: stop.signal, onEvent },
    );
    await expect(copying).rejects.toThrow("enough");
    expect(new Set(events)).toEqual(new Set(["progress", "copied", "failed"]));
  });
});
