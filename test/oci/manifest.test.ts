import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import { DrayError } from "../../src/errors.ts";
import { formatIndexFile, parseIndexFile } from "../../src/oci/image-layout.ts";
import { parseManifest, successorsOf, type Manifest } from "../../src/oci/manifest.ts";
import { parseConfigPlatform } from "../../src/oci/platform.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { outcome } from "../refusal.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const LAYER = { mediaType: MediaType.ociLayerGzip, digest: DIGEST, size: 1 };
const CONFIG = { mediaType: MediaType.ociConfig, digest: DIGEST, size: 2 };
const IMAGE = {
  schemaVersion: 2,
  mediaType: MediaType.ociManifest,
  config: CONFIG,
  layers: [LAYER],
};
const INDEX = {
  schemaVersion: 2,
  mediaType: MediaType.ociIndex,
  manifests: [{ mediaType: MediaType.ociManifest, digest: DIGEST, size: 3 }],
};

function parse(document: unknown, mediaType: string = MediaType.ociManifest): Manifest {
  return parseManifest(Buffer.from(JSON.stringify(document)), { mediaType, what: "it" });
}

function refused(code: string): unknown {
  return expect.objectContaining({ code, kind: "refused" });
}

const EMPTY = Buffer.from("{}");

describe("parseManifest()", () => {
  it("keeps the raw bytes", () => {
    const { bytes, descriptor } = makeMultiArch("raw").root;
    const manifest = parseManifest(bytes, { mediaType: descriptor.mediaType, what: "it" });
    expect(digestOf(manifest.raw)).toBe(descriptor.digest);
  });

  it.each([
    [MediaType.ociManifest, IMAGE, "manifest"],
    [MediaType.dockerManifest, { ...IMAGE, mediaType: MediaType.dockerManifest }, "manifest"],
    [MediaType.ociIndex, INDEX, "index"],
    [MediaType.dockerList, { ...INDEX, mediaType: MediaType.dockerList }, "index"],
  ])("reads %s", (mediaType, document, kind) => {
    expect(parse(document, mediaType)).toMatchObject({ kind, mediaType });
  });

  it("takes the announced type where the document names none", () => {
    const { mediaType: _none, ...plain } = IMAGE;
    expect(parse(plain, MediaType.dockerManifest).mediaType).toBe(MediaType.dockerManifest);
  });

  it("believes the document where it names another type than was announced", () => {
    expect(parse(INDEX, MediaType.ociManifest).kind).toBe("index");
    expect(parse(IMAGE, MediaType.ociIndex).kind).toBe("manifest");
  });

  it("keeps artifacts: subject, artifactType, annotations, empty config, no layers", () => {
    const subject = { mediaType: MediaType.ociManifest, digest: DIGEST, size: 9 };
    const document = {
      ...IMAGE,
      artifactType: "application/x",
      config: { mediaType: MediaType.ociEmpty, digest: digestOf(EMPTY), size: 2, data: "e30=" },
      layers: [],
      subject,
      annotations: { a: "", b: "c" },
    };
    expect(parse(document)).toMatchObject({
      artifactType: "application/x",
      subject,
      annotations: { a: "", b: "c" },
      layers: [],
    });
  });

  it("takes what it does not know along", () => {
    const strange = { ...LAYER, mediaType: "application/x.y+z", urls: ["http://x/"], new: 1 };
    expect(parse({ ...IMAGE, layers: [strange], more: { x: 1 } })).toMatchObject({
      layers: [{ mediaType: "application/x.y+z", urls: ["http://x/"] }],
    });
  });

  it.each([
    ["manifests and layers", { ...IMAGE, manifests: [] }],
    ["manifests and config", { ...INDEX, config: CONFIG }],
    ["manifests and layers that are null", { ...INDEX, layers: null }],
    ["manifests and fsLayers", { ...INDEX, fsLayers: [] }],
  ])("refuses a document with %s, whatever it says it is", (_what, document) => {
    for (const mediaType of [MediaType.ociManifest, MediaType.ociIndex]) {
      expect(() => parse({ ...document, mediaType }, mediaType)).toThrow(
        refused("DRAY_MANIFEST_AMBIGUOUS"),
      );
    }
  });

  it.each([
    ["Layers beside layers", { ...IMAGE, Layers: [] }],
    ["Manifests in an image", { ...IMAGE, Manifests: [] }],
    ["LAYERS in an index", { ...INDEX, LAYERS: [] }],
    ["Config beside config", { ...IMAGE, Config: CONFIG }],
  ])("refuses names that some readers take for others: %s", (_what, document) => {
    expect(() => parse(document, document.mediaType)).toThrow(refused("DRAY_MANIFEST_AMBIGUOUS"));
  });

  it.each([
    ["schemaVersion 1", { schemaVersion: 1, fsLayers: [], history: [] }, MediaType.ociManifest],
    ["its own type", { ...IMAGE, mediaType: MediaType.dockerSchema1Signed }, MediaType.ociManifest],
    ["the announced type", IMAGE, MediaType.dockerSchema1],
  ])("refuses Docker schema 1 by %s", (_what, document, mediaType) => {
    expect(() => parse(document, mediaType)).toThrow(refused("DRAY_MANIFEST_UNSUPPORTED"));
    expect(() => parse(document, mediaType)).toThrow(/schema 1/);
  });

  it("refuses a type that is no manifest", () => {
    expect(() => parse({ ...IMAGE, mediaType: "application/json" })).toThrow(
      refused("DRAY_MANIFEST_UNSUPPORTED"),
    );
  });

  it.each([
    ["a string", "x"],
    ["a list", []],
    ["null", null],
    ["no schemaVersion", { ...IMAGE, schemaVersion: undefined }],
    ["schemaVersion 3", { ...IMAGE, schemaVersion: 3 }],
    ["schemaVersion as text", { ...IMAGE, schemaVersion: "2" }],
    ["a type that is a number", { ...IMAGE, mediaType: 2 }],
    ["no config", { ...IMAGE, config: undefined }],
    ["a config that is null", { ...IMAGE, config: null }],
    ["layers as an object", { ...IMAGE, layers: { 0: LAYER } }],
    ["a layer that is null", { ...IMAGE, layers: [null] }],
    ["annotations as a list", { ...IMAGE, annotations: ["x"] }],
    ["an annotation that is a number", { ...IMAGE, annotations: { x: 1 } }],
    ["a subject without digest", { ...IMAGE, subject: { mediaType: "a/b", size: 1 } }],
  ])("refuses %s", (_what, document) => {
    expect(() => parse(document)).toThrow(refused("DRAY_MANIFEST_INVALID"));
  });

  it.each([
    ["a negative size", { size: -1 }],
    ["a fraction as size", { size: 1.5 }],
    ["a size beyond what is counted exactly", { size: 2 ** 53 }],
    ["a size of 2^60", { size: 2 ** 60 }],
    ["a size as text", { size: "1" }],
    ["no size", { size: undefined }],
    ["a size that is null", { size: null }],
    ["a digest that is a path", { digest: "sha256:../../../etc/passwd" }],
    ["a digest of an unknown kind", { digest: `sha384:${"a".repeat(96)}` }],
    ["a digest in upper case", { digest: DIGEST.toUpperCase() }],
    ["a digest that is a number", { digest: 1 }],
    ["no media type", { mediaType: undefined }],
    ["a media type without slash", { mediaType: "layer" }],
    ["a media type with a line feed", { mediaType: "a/b\n" }],
    ["urls that are no list", { urls: "http://x/" }],
    ["a platform that is a string", { platform: "linux/amd64" }],
  ])("refuses a descriptor with %s", (_what, fields) => {
    expect(() => parse({ ...IMAGE, layers: [{ ...LAYER, ...fields }] })).toThrow(
      refused("DRAY_MANIFEST_INVALID"),
    );
    const [child] = INDEX.manifests;
    expect(() =>
      parse({ ...INDEX, manifests: [{ ...child, ...fields }] }, MediaType.ociIndex),
    ).toThrow(refused("DRAY_MANIFEST_INVALID"));
  });

  it.each([
    ["layers", { layers: null }],
    ["layers", { layers: undefined }],
    ["subject", { subject: null }],
    ["annotations", { annotations: null }],
    ["artifactType", { artifactType: null }],
    ["mediaType", { mediaType: null }],
  ])("takes no %s for none: %j", (name, fields) => {
    const empty = name === "layers" ? [] : undefined;
    const found: object = parse({ ...IMAGE, ...fields });
    const value: unknown = Object.entries(found).find(([key]) => key === name)?.[1];
    expect(value).toEqual(name === "mediaType" ? MediaType.ociManifest : empty);
  });

  it.each([
    { urls: null },
    { annotations: null },
    { artifactType: null },
    { data: null },
    { platform: null },
    { platform: {} },
    { platform: { os: "", architecture: "" } },
    { platform: { os: "linux" } },
  ])("takes %j in a descriptor for nothing said", (fields) => {
    const [name = ""] = Object.keys(fields);
    const layer = successorsOf(parse({ ...IMAGE, layers: [{ ...LAYER, ...fields }] }))[1];
    expect(Object.entries(layer ?? {}).find(([key]) => key === name)?.[1]).toBeUndefined();
    expect(layer).toMatchObject({ size: 1 });
  });

  it("takes a null variant and a null annotation as Go does", () => {
    const platform = { os: "linux", architecture: "arm64", variant: null };
    const layer = { ...LAYER, platform, annotations: { x: null } };
    expect(successorsOf(parse({ ...IMAGE, layers: [layer] }))[1]).toMatchObject({
      platform: { os: "linux", architecture: "arm64" },
      annotations: { x: "" },
    });
  });

  it.each([null, undefined])("takes manifests that are %s for an index of nothing", (manifests) => {
    expect(parse({ ...INDEX, manifests }, MediaType.ociIndex)).toMatchObject({
      kind: "index",
      manifests: [],
    });
  });

  it("refuses a size of infinity", () => {
    const text = JSON.stringify(IMAGE).replace('"size":1', '"size":1e999');
    expect(() =>
      parseManifest(Buffer.from(text), { mediaType: MediaType.ociManifest, what: "it" }),
    ).toThrow(refused("DRAY_MANIFEST_INVALID"));
  });

  it("names a few of a thousand mistakes", () => {
    const layers = Array.from({ length: 1000 }, () => ({}));
    expect(() => parse({ ...IMAGE, layers })).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{1,800}$/s) as string }),
    );
  });

  it("throws nothing but DrayError, whatever the document", () => {
    const name = fc.constantFrom(
      "schemaVersion",
      "mediaType",
      "config",
      "layers",
      "manifests",
      "subject",
      "annotations",
      "__proto__",
      "digest",
      "size",
    );
    const value = fc.oneof(
      fc.constantFrom(
        2,
        null,
        "",
        [],
        {},
        CONFIG,
        [LAYER],
        INDEX.manifests,
        ...Object.values(MediaType),
      ),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.boolean(), (fields, whole) => {
        const document = whole ? { ...IMAGE, ...fields } : fields;
        expect(outcome(() => parse(document))).toBeDefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("successorsOf()", () => {
  it("gives config and layers, or the children, and never the subject", () => {
    expect(successorsOf(parse({ ...IMAGE, subject: LAYER })).map(({ size }) => size)).toEqual([
      2, 1,
    ]);
    expect(successorsOf(parse(INDEX, MediaType.ociIndex)).map(({ size }) => size)).toEqual([3]);
  });
});

describe("parseIndexFile()", () => {
  it("reads what formatIndexFile() writes", () => {
    const { descriptor } = makeMultiArch("index").root;
    const root = { ...descriptor, annotations: { "org.opencontainers.image.ref.name": "a:1" } };
    expect(parseIndexFile(formatIndexFile([root]), "index.json")).toEqual([root]);
  });

  it("reads behind the mark that editors of Windows put before a text", () => {
    expect(parseIndexFile(Buffer.from('\uFEFF{"schemaVersion":2}'), "index.json")).toEqual([]);
  });

  it.each(['{"schemaVersion":2}', '{"schemaVersion":2,"manifests":null}'])(
    "takes %s for an index that names nothing, as programs written in Go do",
    (text) => {
      expect(parseIndexFile(Buffer.from(text), "index.json")).toEqual([]);
    },
  );

  it.each([
    ["a list", "[]"],
    ["manifests twice", '{"schemaVersion":2,"manifests":[],"manifests":[]}'],
    ["schemaVersion 1", '{"schemaVersion":1,"manifests":[]}'],
    ["an index that is a manifest too", '{"schemaVersion":2,"manifests":[],"layers":[]}'],
    [
      "the media type of a manifest",
      `{"schemaVersion":2,"mediaType":"${MediaType.ociManifest}","manifests":[]}`,
    ],
  ])("refuses %s", (_what, text) => {
    expect(() => parseIndexFile(Buffer.from(text), "index.json")).toThrow(DrayError);
  });
});

describe("parseConfigPlatform()", () => {
  it("reads the platform of an image config", () => {
    const raw = Buffer.from('{"os":"linux","architecture":"arm","variant":"v7","config":{}}');
    expect(parseConfigPlatform(raw, digestOf(raw))).toEqual({
      os: "linux",
      architecture: "arm",
      variant: "v7",
    });
  });

  it("finds none where none is named", () => {
    expect(parseConfigPlatform(Buffer.from("{}"), digestOf(Buffer.from("{}")))).toBeUndefined();
  });

  it("refuses a config that is no object", () => {
    const raw = Buffer.from("[]");
    expect(() => parseConfigPlatform(raw, digestOf(raw))).toThrow(refused("DRAY_CONFIG_INVALID"));
  });
});
