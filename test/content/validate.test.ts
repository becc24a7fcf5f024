import { rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Source } from "../../src/content/content.ts";
import { authored, contentOf, once, type Authored } from "../../src/content/memory.ts";
import { validate } from "../../src/content/validate.ts";
import { DrayError } from "../../src/errors.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf, type Digest } from "../../src/oci/digest.ts";
import { Annotation } from "../../src/oci/image-layout.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";

/** Blobs in memory as a source. */
function sourceOf(blobs: readonly Authored[]): Source {
  const bytes = new Map<string, Buffer>(blobs.map((blob) => [blob.descriptor.digest, blob.bytes]));
  return {
    name: "memory",
    async *fetch({ digest }) {
      const found = bytes.get(digest);
      if (found === undefined) {
        throw new DrayError("DRAY_BLOB_MISSING", `${digest} is missing`, { kind: "refused" });
      }
      yield* once(found);
    },
  };
}

async function codesOf({ root, blobs }: MadeImage, without?: Authored): Promise<string[]> {
  const source = sourceOf([root, ...blobs].filter((blob) => blob !== without));
  const { findings } = await validate(source, [root.descriptor]);
  return findings.map(({ code, severity }) => `${severity} ${code}`);
}

const CONFIG = authored(MediaType.ociConfig, Buffer.from('{"os":"linux","architecture":"amd64"}'));
const LAYER = makeLayer("layer", 100);

/** An image whose manifest has other fields than it should. */
function imageWith(fields: object, blobs: readonly Authored[] = [CONFIG, LAYER]): MadeImage {
  const manifest = {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: CONFIG.descriptor,
    layers: [LAYER.descriptor],
    ...fields,
  };
  return { root: authored(MediaType.ociManifest, Buffer.from(JSON.stringify(manifest))), blobs };
}

function indexOf(manifests: readonly object[], blobs: readonly Authored[]): MadeImage {
  const index = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests };
  return { root: authored(MediaType.ociIndex, Buffer.from(JSON.stringify(index))), blobs };
}

describe("a layout (image-layout.md)", () => {
  it("of any kind is good where all is there", async () => {
    for (const image of [makeImage([LAYER]), makeMultiArch("m", { size: 50 }), imageWith({})]) {
      expect(await codesOf(image)).toEqual([]);
    }
  });

  it("on a disk is a source like any other", async () => {
    const { root, blobs } = makeImage([LAYER]);
    const layout = await ImageLayout.create(await temporaryDirectory());
    for (const { descriptor, bytes } of [...blobs, root]) {
      await layout.push(descriptor, contentOf(bytes, "memory"));
    }
    const all = async (): Promise<string[]> =>
      (await validate(layout, [root.descriptor])).findings.map(({ code }) => code);
    expect(await all()).toEqual([]);
    await writeFile(layout.blobFile(LAYER.descriptor.digest), "other");
    expect(await all()).toEqual(["CONTENT_MISMATCH"]);
    await rm(layout.blobFile(root.descriptor.digest));
    expect(await all()).toHaveLength(1);
  });

  it("that lacks a blob is refused, whichever it is", async () => {
    const image = makeMultiArch("missing", { size: 50 });
    for (const blob of [image.root, ...image.blobs]) {
      expect(await codesOf(image, blob)).toEqual(["error BLOB_MISSING"]);
    }
  });

  it("whose content has another digest is refused", async () => {
    const image = imageWith({});
    for (const changed of [CONFIG, LAYER, image.root]) {
      const bytes = Buffer.from(changed.bytes);
      bytes.writeUInt8(bytes.readUInt8(5) ^ 1, 5);
      const other = [image.root, CONFIG, LAYER].map((blob) =>
        blob === changed ? { ...blob, bytes } : blob,
      );
      const { findings } = await validate(sourceOf(other), [image.root.descriptor]);
      expect(findings).toMatchObject([{ code: "CONTENT_MISMATCH", severity: "error" }]);
      expect(findings[0]?.entry).toBe(changed.descriptor.digest);
    }
  });

  it("names its roots by the full reference, wherever it stands", async () => {
    const { root, blobs } = imageWith({});
    const names = [
      { [Annotation.refName]: "r.example/a:1" },
      { [Annotation.containerdName]: "r.example/a:1", [Annotation.refName]: "1" },
    ];
    for (const annotations of names) {
      const roots = [{ ...root.descriptor, annotations }];
      const { roots: found } = await validate(sourceOf([root, ...blobs]), roots);
      expect(found.map(({ name }) => name)).toEqual(["r.example/a:1"]);
    }
  });

  it("whose root is of an unknown type is refused by name", async () => {
    const blob = authored("application/x-unknown", Buffer.from("{}"));
    const { findings } = await validate(sourceOf([blob]), [blob.descriptor]);
    expect(findings).toMatchObject([{ code: "ROOT_UNSUPPORTED" }]);
  });
});

describe("a descriptor (descriptor.md)", () => {
  const { descriptor } = LAYER;
  it.each<[string, object]>([
    ["no media type", { ...descriptor, mediaType: undefined }],
    ["a media type of no form", { ...descriptor, mediaType: "layer" }],
    ["no digest", { ...descriptor, digest: undefined }],
    ["a digest of 63 characters", { ...descriptor, digest: `sha256:${"a".repeat(63)}` }],
    ["a digest in upper case", { ...descriptor, digest: `sha256:${"A".repeat(64)}` }],
    ["a digest that is a path", { ...descriptor, digest: "sha256:../../../etc/passwd" }],
    ["a digest that cannot be verified", { ...descriptor, digest: `blake3:${"a".repeat(64)}` }],
    ["no size", { ...descriptor, size: undefined }],
    ["a negative size", { ...descriptor, size: -1 }],
    ["a size with a fraction", { ...descriptor, size: 1.5 }],
    ["data that is other content", { ...descriptor, data: "e30=" }],
    ["annotations that are no strings", { ...descriptor, annotations: { a: 1 } }],
  ])("with %s is refused", async (_what, layer) => {
    expect(await codesOf(imageWith({ layers: [layer] }))).toEqual(["error MANIFEST_INVALID"]);
  });

  it("with the content as data, with urls, and with what nobody knows is good", async () => {
    const data = LAYER.bytes.toString("base64");
    const layer = {
      ...descriptor,
      data,
      urls: ["https://r.example/x"],
      annotations: { "": "" },
      x: 1,
    };
    expect(await codesOf(imageWith({ layers: [layer] }))).toEqual([]);
  });

  it("of another size than the content is refused before the digest is", async () => {
    const layer = { ...descriptor, size: descriptor.size + 1 };
    const { root, blobs } = imageWith({ layers: [layer] });
    const { findings } = await validate(sourceOf([root, ...blobs]), [root.descriptor]);
    expect(findings[0]?.message).toMatch(/expected \d+ bytes, found \d+$/);
  });

  it("with a SHA-512 digest is good", async () => {
    const strong: Descriptor = { ...descriptor, digest: digestOf(LAYER.bytes, "sha512") };
    const layer = { ...LAYER, descriptor: strong };
    expect(await codesOf(imageWith({ layers: [strong] }, [CONFIG, layer]))).toEqual([]);
  });
});

describe("a manifest (manifest.md)", () => {
  it.each<[string, object, string]>([
    ["no schemaVersion", { schemaVersion: undefined }, "MANIFEST_INVALID"],
    ["another schemaVersion", { schemaVersion: 3 }, "MANIFEST_INVALID"],
    ["schema 1", { schemaVersion: 1 }, "MANIFEST_UNSUPPORTED"],
    ["no config", { config: undefined }, "MANIFEST_INVALID"],
    ["layers that are no list", { layers: {} }, "MANIFEST_INVALID"],
    ["layers and manifests", { manifests: [] }, "MANIFEST_AMBIGUOUS"],
    ["a type that is none", { mediaType: "text/plain" }, "MANIFEST_UNSUPPORTED"],
  ])("with %s is refused", async (_what, fields, code) => {
    expect(await codesOf(imageWith(fields))).toEqual([`error ${code}`]);
  });

  it("without layers, without its own type, or with what nobody knows is good", async () => {
    for (const fields of [
      { layers: [] },
      { mediaType: undefined },
      { artifactType: "a/b", x: [] },
    ]) {
      expect(await codesOf(imageWith(fields))).toEqual([]);
    }
  });

  it("has a config of an unknown type carried, not parsed", async () => {
    const config = authored("application/x-config", Buffer.from("not JSON"));
    const image = imageWith({ config: config.descriptor }, [config, LAYER]);
    expect(await codesOf(image)).toEqual([]);
    expect(await codesOf(image, config)).toEqual(["error BLOB_MISSING"]);
  });

  it("with the empty config is an artifact and good", async () => {
    const empty = authored("application/vnd.oci.empty.v1+json", Buffer.from("{}"));
    const config = { ...empty.descriptor, data: "e30=" };
    expect(await codesOf(imageWith({ config, artifactType: "a/b" }, [empty, LAYER]))).toEqual([]);
  });

  it("with a layer that may not be distributed is reported", async () => {
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const layers = [{ ...LAYER.descriptor, mediaType }];
    expect(await codesOf(imageWith({ layers }))).toEqual(["warning LAYER_NOT_DISTRIBUTABLE"]);
  });

  it("of another type than was announced is reported, and taken as what it says", async () => {
    const { root, blobs } = imageWith({ mediaType: MediaType.dockerManifest });
    expect(await codesOf({ root, blobs })).toEqual(["warning MEDIA_TYPE_CONFLICT"]);
  });
});

describe("an index (image-index.md)", () => {
  it("has every child carried, of unknown platforms and of none", async () => {
    const children = [imageWith({}), imageWith({ artifactType: "a/b" }), makeImage([LAYER])];
    const platforms = [
      { os: "unknown", architecture: "unknown" },
      undefined,
      { os: "linux", architecture: "arm", variant: "v7" },
    ];
    const manifests = children.map(({ root }, at) => ({
      ...root.descriptor,
      platform: platforms[at],
    }));
    const blobs = children.flatMap((child) => [child.root, ...child.blobs]);
    const image = indexOf(manifests, blobs);
    expect(await codesOf(image)).toEqual([]);
    const { reachable } = await validate(sourceOf([image.root, ...blobs]), [image.root.descriptor]);
    for (const { root } of children) expect(reachable.has(root.descriptor.digest)).toBe(true);
  });

  it("is refused while one child is missing, which is named with its platform", async () => {
    const image = makeMultiArch("sparse", { size: 50 });
    const [gone] = image.blobs.filter(
      ({ descriptor }) => descriptor.mediaType === MediaType.ociManifest,
    );
    expect(await codesOf(image, gone)).toEqual(["error BLOB_MISSING"]);
  });

  it("inside others is followed eight deep and no deeper", async () => {
    let inner = imageWith({});
    for (let depth = 0; depth < 10; depth++) {
      inner = indexOf([inner.root.descriptor], [inner.root, ...inner.blobs]);
      expect(await codesOf(inner)).toEqual(depth < 8 ? [] : ["error INDEX_TOO_DEEP"]);
    }
  });

  it("of Docker's own types is carried as it is", async () => {
    const child = imageWith({ mediaType: MediaType.dockerManifest });
    const manifest = authored(MediaType.dockerManifest, child.root.bytes);
    const list = {
      schemaVersion: 2,
      mediaType: MediaType.dockerList,
      manifests: [manifest.descriptor],
    };
    const root = authored(MediaType.dockerList, Buffer.from(JSON.stringify(list)));
    expect(await codesOf({ root, blobs: [manifest, ...child.blobs] })).toEqual([]);
  });
});

describe("JSON (considerations.md)", () => {
  it.each([
    ["a name twice", (text: string) => text.replace("{", '{"layers":[],')],
    ["broken UTF-8", (text: string) => `${text.slice(0, -1)},"x":"\xff"}`],
    ["a byte order mark", (text: string) => `\xef\xbb\xbf${text}`],
  ])("with %s is refused", async (_what, change) => {
    const { root, blobs } = imageWith({});
    const bytes = Buffer.from(change(root.bytes.toString("latin1")), "latin1");
    const changed = authored(MediaType.ociManifest, bytes);
    expect(await codesOf({ root: changed, blobs })).toEqual(["error JSON_INVALID"]);
  });
});

describe("what a source says of itself", () => {
  it("is not believed: more bytes than announced are not read", async () => {
    const { root } = imageWith({});
    let read = 0;
    const endless: Source = {
      name: "endless",
      async *fetch({ digest }: { digest: Digest }) {
        if (digest === root.descriptor.digest) yield root.bytes;
        else for (; read < 1e9; read += 65_536) yield Buffer.alloc(65_536);
      },
    };
    const { findings } = await validate(endless, [root.descriptor]);
    expect(findings.map(({ code }) => code)).toEqual(["CONTENT_MISMATCH", "CONTENT_MISMATCH"]);
    expect(read).toBeLessThan(200_000);
  });
});
