import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { descriptorOf, documentOf, indexOf, manifestOf, Running } from "./running.ts";

const empty = Buffer.from("{}");

async function* hundredMebibytes(): AsyncGenerator<Buffer> {
  for (let index = 0; index < 100; index++) yield Buffer.alloc(1024 * 1024, " ");
}

/** A manifest of one config, which is pushed. */
async function made(
  registry: Running,
  name: string,
  more: Record<string, unknown> = {},
): Promise<ReturnType<typeof manifestOf>> {
  const config = await registry.pushBlob(name, empty);
  return manifestOf({ config: { ...config, mediaType: MediaType.ociEmpty }, layers: [], ...more });
}

describe("PUT of a manifest", () => {
  it("answers with digest and location", async () => {
    const registry = await Running.start();
    const manifest = await made(registry, "a");
    const answer = await registry.putManifest("a", "1.0", manifest);
    expect(answer.status).toBe(201);
    expect(answer.headers["location"]).toBe(`/v2/a/manifests/${manifest.digest}`);
    expect(answer.headers["docker-content-digest"]).toBe(manifest.digest);
    expect(answer.headers["oci-subject"]).toBeUndefined();
  });

  it("keeps unknown fields, odd spacing and data fields as they are", async () => {
    const registry = await Running.start();
    const config = await registry.pushBlob("a", empty);
    const text = `{ "schemaVersion":2,"x-new":{"a":[1 , 2]},"config":{"mediaType":"${MediaType.ociEmpty}","digest":"${config.digest}","size":2,"data":"e30="},\n"layers" : []}\n\n`;
    const bytes = Buffer.from(text);
    const answer = await registry.putManifest("a", "1", {
      bytes,
      mediaType: MediaType.ociManifest,
    });
    expect(answer.status).toBe(201);
    expect((await registry.get("/v2/a/manifests/1")).text).toBe(text);
  });

  it("takes what programs written in Go write as null, and gives it back as it was", async () => {
    const registry = await Running.start();
    const nothing = { layers: null, subject: null, annotations: null, artifactType: null };
    const manifest = await made(registry, "a", nothing);
    expect((await registry.putManifest("a", "1", manifest)).status).toBe(201);
    expect((await registry.get("/v2/a/manifests/1")).text).toBe(manifest.bytes.toString());
    const child = { ...descriptorOf(manifest), platform: null, urls: null, annotations: null };
    expect((await registry.putManifest("a", "2", indexOf({ manifests: [child] }))).status).toBe(
      201,
    );
  });

  it("of Docker's types keeps the type", async () => {
    const registry = await Running.start();
    const config = await registry.pushBlob("a", empty);
    const docker = documentOf(MediaType.dockerManifest, { config, layers: [] });
    expect((await registry.putManifest("a", "1", docker)).status).toBe(201);
    const list = documentOf(MediaType.dockerList, { manifests: [descriptorOf(docker)] });
    expect((await registry.putManifest("a", "2", list)).status).toBe(201);
    const got = await registry.get("/v2/a/manifests/2");
    expect(got.headers["content-type"]).toBe(MediaType.dockerList);
  });

  it("ignores parameters of the Content-Type", async () => {
    const registry = await Running.start();
    const { bytes } = await made(registry, "a");
    const mediaType = `${MediaType.ociManifest}; charset=utf-8`;
    expect((await registry.putManifest("a", "1", { bytes, mediaType })).status).toBe(201);
    const got = await registry.get("/v2/a/manifests/1");
    expect(got.headers["content-type"]).toBe(MediaType.ociManifest);
  });

  it.each([
    ["another Content-Type than the manifest says", MediaType.ociIndex],
    ["a Content-Type that is no manifest's", "application/json"],
  ])("is refused with %s", async (_case, mediaType) => {
    const registry = await Running.start();
    const { bytes } = await made(registry, "a");
    const answer = await registry.putManifest("a", "1", { bytes, mediaType });
    expect([answer.status, ...answer.codes]).toEqual([400, "MANIFEST_INVALID"]);
  });

  it.each([
    ["no JSON", "hello"],
    ["not an object", "[]"],
    ["schema 1", '{"schemaVersion":1,"fsLayers":[]}'],
    ["a name twice", '{"schemaVersion":2,"layers":[],"layers":[]}'],
    ["manifest and index at once", '{"schemaVersion":2,"manifests":[],"layers":[],"config":{}}'],
    [
      "a path for a digest",
      '{"schemaVersion":2,"layers":[],"config":{"mediaType":"a/b","size":1,"digest":"sha256:../../../etc/passwd"}}',
    ],
    [
      "a negative size",
      `{"schemaVersion":2,"layers":[],"config":{"mediaType":"a/b","size":-1,"digest":"${digestOf(empty)}"}}`,
    ],
    [
      "a type that cannot be kept whole",
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[]}',
    ],
  ])("is refused when it is %s", async (_case, text) => {
    const registry = await Running.start();
    const answer = await registry.putManifest("a", "1", {
      bytes: Buffer.from(text),
      mediaType: MediaType.ociManifest,
    });
    expect([answer.status, ...answer.codes]).toEqual([400, "MANIFEST_INVALID"]);
  });

  it("is refused if it has another digest than its path says", async () => {
    const registry = await Running.start();
    const manifest = await made(registry, "a");
    const lie = digestOf(Buffer.from("other"));
    for (const reference of [lie, "sha256:baddigeststring"]) {
      const answer = await registry.putManifest("a", reference, manifest);
      expect([answer.status, ...answer.codes]).toEqual([400, "DIGEST_INVALID"]);
    }
    expect((await registry.get(`/v2/a/manifests/${lie}`)).status).toBe(404);
    expect((await registry.get(`/v2/a/manifests/${manifest.digest}`)).status).toBe(404);
  });

  it("is refused under a tag that is none", async () => {
    const registry = await Running.start();
    const manifest = await made(registry, "a");
    for (const tag of [".dot", "-dash", "a".repeat(129), "%20", "a%2Fb"]) {
      expect((await registry.putManifest("a", tag, manifest)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await registry.get("/v2/a/tags/list")).json).toEqual({ name: "a", tags: [] });
  });

  it("names every blob that is missing", async () => {
    const registry = await Running.start();
    const config = await registry.pushBlob("a", empty);
    const absent = ["x", "y"].map((text) => digestOf(Buffer.from(text)));
    const manifest = manifestOf({
      config,
      layers: absent.map((digest) => ({ mediaType: MediaType.ociLayer, digest, size: 1 })),
    });
    const answer = await registry.putManifest("a", "1", manifest);
    expect([answer.status, ...answer.codes]).toEqual([
      400,
      "MANIFEST_BLOB_UNKNOWN",
      "MANIFEST_BLOB_UNKNOWN",
    ]);
    const { errors } = answer.json as { errors: { detail: { digest: string } }[] };
    expect(errors.map(({ detail }) => detail.digest)).toEqual(absent);
    expect((await registry.get("/v2/a/manifests/1")).status).toBe(404);
  });

  it("is refused if its blobs are in another repository", async () => {
    const registry = await Running.start();
    const manifest = await made(registry, "a");
    const answer = await registry.putManifest("b", "1", manifest);
    expect(answer.codes).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
  });

  it("is refused if a child of an index is missing or in another repository", async () => {
    const registry = await Running.start();
    const child = await registry.pushImage("b");
    const index = indexOf({ manifests: [descriptorOf(child)] });
    const answer = await registry.putManifest("a", "1", index);
    expect([answer.status, ...answer.codes]).toEqual([400, "MANIFEST_BLOB_UNKNOWN"]);
  });

  it("takes layers that their license keeps elsewhere", async () => {
    const registry = await Running.start();
    const layer = {
      mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
      digest: digestOf(Buffer.from("elsewhere")),
      size: 9,
    };
    const manifest = await made(registry, "a", { layers: [layer] });
    expect((await registry.putManifest("a", "1", manifest)).status).toBe(201);
    expect((await registry.head(`/v2/a/blobs/${layer.digest}`)).status).toBe(404);
  });

  it("takes an index of what are no manifests, if the blobs are there", async () => {
    const registry = await Running.start();
    const blob = await registry.pushBlob("a", randomBytes(10));
    const index = indexOf({ manifests: [{ ...blob, mediaType: MediaType.ociLayerGzip }] });
    expect((await registry.putManifest("a", "cache", index)).status).toBe(201);
  });

  it("may have 4 MiB and not more", async () => {
    const registry = await Running.start();
    const small = await made(registry, "a", { annotations: { x: "" } });
    const room = 4 * 1024 * 1024 - small.size;
    const largest = await made(registry, "a", { annotations: { x: "y".repeat(room) } });
    expect(largest.size).toBe(4 * 1024 * 1024);
    expect((await registry.putManifest("a", "1", largest)).status).toBe(201);
    const larger = await made(registry, "a", { annotations: { x: "y".repeat(room + 1) } });
    const answer = await registry.putManifest("a", "2", larger);
    expect([answer.status, ...answer.codes]).toEqual([413, "MANIFEST_INVALID"]);
    const endless = await registry.send("PUT", "/v2/a/manifests/3", {
      body: hundredMebibytes() as never,
    });
    expect(endless.status).toBe(413);
  });

  it("moves a tag; the old manifest stays", async () => {
    const registry = await Running.start();
    const old = await registry.pushImage("a", "latest");
    const now = await registry.pushImage("a", "latest");
    expect((await registry.get("/v2/a/manifests/latest")).body.equals(now.bytes)).toBe(true);
    expect((await registry.get(`/v2/a/manifests/${old.digest}`)).status).toBe(200);
  });

  it("by digest gives it the tags of the query", async () => {
    const registry = await Running.start();
    const manifest = await made(registry, "a");
    const reference = `${manifest.digest}?tag=1&tag=1.2&tag=1`;
    const answer = await registry.putManifest("a", reference, manifest);
    expect([answer.status, answer.headers["oci-tag"]]).toEqual([201, "1, 1.2"]);
    expect((await registry.get("/v2/a/tags/list")).json).toEqual({
      name: "a",
      tags: ["1", "1.2"],
    });
  });

  it("works with sha512 throughout", async () => {
    const registry = await Running.start();
    const config = await registry.pushBlob("a", empty, "sha512");
    const { bytes, mediaType } = manifestOf({ config, layers: [] });
    const digest = digestOf(bytes, "sha512");
    const answer = await registry.putManifest("a", `${digest}?tag=1`, { bytes, mediaType });
    expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([201, digest]);
    const got = await registry.get("/v2/a/manifests/1");
    expect(got.headers["docker-content-digest"]).toBe(digest);
  });
});

describe("referrers", () => {
  const artifactType = "application/vnd.example.sbom";

  it("are listed with type and annotations", async () => {
    const registry = await Running.start();
    const subject = await registry.pushImage("a", "1");
    const path = `/v2/a/referrers/${subject.digest}`;
    const none = await registry.get(path);
    expect(none.status).toBe(200);
    expect(none.headers["content-type"]).toBe(MediaType.ociIndex);
    expect(none.json).toEqual({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [] });

    const annotations = { "org.example.key": "value" };
    const typed = await made(registry, "a", {
      artifactType,
      annotations,
      subject: descriptorOf(subject),
    });
    const answer = await registry.putManifest("a", typed.digest, typed);
    expect([answer.status, answer.headers["oci-subject"]]).toEqual([201, subject.digest]);
    const plain = await made(registry, "a", { subject: descriptorOf(subject) });
    await registry.putManifest("a", plain.digest, plain);
    const index = indexOf({ manifests: [], subject: descriptorOf(subject) });
    await registry.putManifest("a", index.digest, index);

    const { manifests } = (await registry.get(path)).json as { manifests: object[] };
    expect(manifests).toHaveLength(3);
    expect(manifests).toContainEqual({ ...descriptorOf(typed), artifactType, annotations });
    expect(manifests).toContainEqual({ ...descriptorOf(plain), artifactType: MediaType.ociEmpty });
    expect(manifests).toContainEqual(descriptorOf(index));
  });

  it("are filtered by type", async () => {
    const registry = await Running.start();
    const subject = await registry.pushImage("a", "1");
    for (const type of ["a/one", "a/two"]) {
      const referrer = await made(registry, "a", {
        artifactType: type,
        subject: descriptorOf(subject),
      });
      await registry.putManifest("a", referrer.digest, referrer);
    }
    const path = `/v2/a/referrers/${subject.digest}?artifactType=${encodeURIComponent("a/two")}`;
    const answer = await registry.get(path);
    expect(answer.headers["oci-filters-applied"]).toBe("artifactType");
    const { manifests } = answer.json as { manifests: { artifactType: string }[] };
    expect(manifests.map((found) => found.artifactType)).toEqual(["a/two"]);
  });

  it("of a subject that never came, or in a repository that is not there, are an empty list", async () => {
    const registry = await Running.start();
    const subject = { ...manifestOf({ config: {}, layers: [] }) };
    const referrer = await made(registry, "a", { subject: descriptorOf(subject) });
    expect((await registry.putManifest("a", referrer.digest, referrer)).status).toBe(201);
    const found = await registry.get(`/v2/a/referrers/${subject.digest}`);
    expect((found.json as { manifests: object[] }).manifests).toHaveLength(1);
    const elsewhere = await registry.get(`/v2/nowhere/referrers/${subject.digest}`);
    expect(elsewhere.status).toBe(200);
    expect((elsewhere.json as { manifests: object[] }).manifests).toEqual([]);
  });

  it("of what is no digest are 400", async () => {
    const registry = await Running.start();
    const answer = await registry.get("/v2/a/referrers/latest");
    expect([answer.status, ...answer.codes]).toEqual([400, "DIGEST_INVALID"]);
  });

  it("come in pages when they are too many for one manifest", async () => {
    const registry = await Running.start();
    const subject = await registry.pushImage("a", "1");
    const sent = new Set<string>();
    for (let index = 0; index < 5; index++) {
      const referrer = await made(registry, "a", {
        artifactType,
        subject: descriptorOf(subject),
        annotations: { large: `${index}`.repeat(1_500_000) },
      });
      await registry.putManifest("a", referrer.digest, referrer);
      sent.add(referrer.digest);
    }
    const got: string[] = [];
    let next: string | undefined = `/v2/a/referrers/${subject.digest}?artifactType=${artifactType}`;
    let pages = 0;
    while (next !== undefined) {
      const page = await registry.get(next);
      expect(page.body.length).toBeLessThanOrEqual(4 * 1024 * 1024);
      got.push(
        ...(page.json as { manifests: { digest: string }[] }).manifests.map((m) => m.digest),
      );
      next = /^<(.*)>; rel="next"$/.exec(page.headers["link"] ?? "")?.[1];
      pages++;
    }
    expect(pages).toBe(3);
    expect(got.length).toBe(5);
    expect(new Set(got)).toEqual(sent);
  });

  it("disappear when they are deleted", async () => {
    const registry = await Running.start();
    const subject = await registry.pushImage("a", "1");
    const referrer = await made(registry, "a", { subject: descriptorOf(subject) });
    await registry.putManifest("a", referrer.digest, referrer);
    await registry.send("DELETE", `/v2/a/manifests/${referrer.digest}`);
    const found = await registry.get(`/v2/a/referrers/${subject.digest}`);
    expect((found.json as { manifests: object[] }).manifests).toEqual([]);
  });
});
