import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { ZipArchive } from "archiver";
import { makeImage, makeLayer } from "../../fixtures/images.ts";
import { openArchive } from "../../src/archive/open-archive.ts";
import { assemble, type Assembled } from "../../src/bundle/assemble.ts";
import { layOut } from "../../src/bundle/contents.ts";
import { writeBundle } from "../../src/bundle/write-bundle.ts";
import { collect, type Source } from "../../src/content/content.ts";
import { readGraph } from "../../src/content/graph.ts";
import { once } from "../../src/content/memory.ts";
import { Annotation } from "../../src/oci/image-layout.ts";
import { parsePrivateKey, type PrivateKey } from "../../src/trust/keys.ts";

/** One signed bundle in every form that is mutated. */
export interface Samples {
  readonly key: PrivateKey;
  readonly bundleDigest: string;
  /** As it was written, as a plain tar, compressed again, and as zips. */
  readonly carriers: readonly Buffer[];
  readonly entries: ReadonlyMap<string, Buffer>;
}

const REFERENCE = "registry.example/fuzz:1";

/** Makes the samples; `directory` is for what has to be a file. */
export async function makeSamples(directory: string): Promise<Samples> {
  const key = sampleKey();
  const path = join(directory, "sample.tar.gz");
  const contents = await layOut(await sampleImage(), key);
  const { bundleDigest } = await writeBundle(path, contents, { mtime: new Date(0) });
  const written = await readFile(path);
  const tar = gunzipSync(written);
  const entries = await readEntries(path);
  const zips = await Promise.all([zip(entries, true), zip(entries, false)]);
  return { key, bundleDigest, carriers: [written, tar, gzipSync(tar), ...zips], entries };
}

/** Always the same, and of a kind whose signatures are too: RFC 8410 §7 around 32 bytes. */
function sampleKey(): PrivateKey {
  const head = Buffer.from("302e020100300506032b657004220420", "hex");
  const key = Buffer.concat([head, Buffer.alloc(32, 7)]);
  const pem = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return parsePrivateKey(pem.export({ format: "pem", type: "pkcs8" }).toString(), { from: "fuzz" });
}

async function sampleImage(): Promise<Assembled> {
  const { root, blobs } = makeImage([makeLayer("fuzz", 300)]);
  const bytes = new Map<string, Buffer>(
    [root, ...blobs].map((blob) => [blob.descriptor.digest, blob.bytes]),
  );
  const get = (digest: string): Buffer => bytes.get(digest) ?? Buffer.alloc(0);
  const graph = await readGraph(
    {
      sizeOf: ({ digest }) => bytes.get(digest)?.length,
      read: async ({ digest }) => get(digest),
    },
    [{ ...root.descriptor, annotations: { [Annotation.refName]: REFERENCE } }],
  );
  const source: Source = { name: "memory", fetch: ({ digest }) => once(get(digest)) };
  const { metadata } = graph;
  const artifacts = graph.roots.map((found) => ({
    reference: REFERENCE,
    root: found,
    metadata,
    source,
  }));
  return assemble({ name: "fuzz", version: "1", created: new Date(0), artifacts, files: [] });
}

async function readEntries(path: string): Promise<ReadonlyMap<string, Buffer>> {
  const archive = await openArchive(path);
  const entries = new Map<string, Buffer>();
  for await (const raw of archive.entries({ check: true })) {
    entries.set(raw.name, await collect(raw.content()));
  }
  await archive.close();
  return entries;
}

async function zip(entries: ReadonlyMap<string, Buffer>, store: boolean): Promise<Buffer> {
  const archive = new ZipArchive({ store });
  for (const [name, bytes] of entries) archive.append(bytes, { name, date: new Date(0) });
  const [bytes] = await Promise.all([collect(archive), archive.finalize()]);
  return bytes;
}
