import { randomBytes } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ImageLayout } from "../../src/layout/layout.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { Annotation, blobPath } from "../../src/oci/image-layout.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { descriptorOf, filesBelow, Running, scratch, type Pushed } from "./running.ts";
import type { BlobSource } from "../../src/server/catalog.ts";

/** A layout whose roots have the given names; equal names mean different images. */
async function layoutOf(
  names: readonly string[],
  key: string = Annotation.refName,
): Promise<{ path: string; images: readonly Pushed[] }> {
  const path = await scratch();
  const writable = await Running.start({ path });
  const images: Pushed[] = [];
  for (const _ of names) images.push(await writable.pushImage("made"));
  await writable.registry.close();
  const layout = await ImageLayout.open(path);
  await layout.changeRoots(() =>
    images.map((image, index) => ({
      ...descriptorOf(image),
      annotations: { [key]: names[index] ?? "" },
    })),
  );
  return { path, images };
}

async function pulls(registry: Running, path: string): Promise<string | undefined> {
  return (await registry.get(path)).headers["docker-content-digest"];
}

describe("a read-only registry", () => {
  it("gives everything and takes nothing", async () => {
    const { path, images } = await layoutOf(["team/app:1.0"]);
    const [image] = images as [Pushed];
    const before = await filesBelow(path);
    const registry = await Running.start({ path, writable: false });
    expect(registry.registry.writable).toBe(false);
    expect(await pulls(registry, "/v2/team/app/manifests/1.0")).toBe(image.digest);
    expect((await registry.get(`/v2/team/app/blobs/${image.layer}`)).body.length).toBe(1000);
    const body = randomBytes(10);
    for (const [method, target] of [
      ["POST", "/v2/team/app/blobs/uploads/"],
      ["POST", `/v2/team/app/blobs/uploads/?digest=${digestOf(body)}`],
      ["POST", `/v2/b/blobs/uploads/?mount=${image.layer}&from=team/app`],
      ["PATCH", "/v2/team/app/blobs/uploads/x"],
      ["PUT", `/v2/team/app/blobs/uploads/x?digest=${digestOf(body)}`],
      ["DELETE", "/v2/team/app/blobs/uploads/x"],
      ["PUT", "/v2/team/app/manifests/2.0"],
      ["DELETE", "/v2/team/app/manifests/1.0"],
      ["DELETE", `/v2/team/app/manifests/${image.digest}`],
      ["DELETE", `/v2/team/app/blobs/${image.layer}`],
    ] as const) {
      const answer = await registry.send(method, target, { body });
      expect([method, answer.status, ...answer.codes]).toEqual([method, 405, "UNSUPPORTED"]);
    }
    expect(await filesBelow(path)).toEqual(before);
  });

  it("serves a name with its host and without", async () => {
    const { path, images } = await layoutOf([
      "docker.io/library/alpine:3.20",
      "registry.example:5000/team/app:1",
      "plain/name:2",
    ]);
    const registry = await Running.start({ path, writable: false });
    expect(registry.registry.repositories).toEqual([
      "docker.io/library/alpine",
      "library/alpine",
      "plain/name",
      "registry.example:5000/team/app",
      "team/app",
    ]);
    const [alpine, app, plain] = images.map(({ digest }) => digest);
    expect(await pulls(registry, "/v2/library/alpine/manifests/3.20")).toBe(alpine);
    expect(await pulls(registry, "/v2/docker.io/library/alpine/manifests/3.20")).toBe(alpine);
    expect(await pulls(registry, "/v2/team/app/manifests/1")).toBe(app);
    expect(await pulls(registry, "/v2/registry.example:5000/team/app/manifests/1")).toBe(app);
    expect(await pulls(registry, "/v2/plain/name/manifests/2")).toBe(plain);
    expect(registry.warnings).toEqual([]);
  });

  it("serves only names with hosts where two hosts share a path, and says so once", async () => {
    const { path, images } = await layoutOf(["ghcr.io/org/app:1", "quay.io/org/app:1"]);
    const registry = await Running.start({ path, writable: false });
    expect(registry.registry.repositories).toEqual(["ghcr.io/org/app", "quay.io/org/app"]);
    expect(registry.warnings).toEqual([
      'Cannot serve "org/app" without its host: it stands for ghcr.io/org/app and quay.io/org/app',
    ]);
    const [ghcr, quay] = images.map(({ digest }) => digest);
    expect((await registry.get("/v2/org/app/manifests/1")).codes).toEqual(["NAME_UNKNOWN"]);
    expect(await pulls(registry, "/v2/quay.io/org/app/manifests/1")).toBe(quay);
    for (const [host, digest] of [
      ["ghcr.io", ghcr],
      ["quay.io", quay],
    ]) {
      const answer = await registry.get(`/v2/org/app/manifests/1?ns=${host}`);
      expect(answer.headers["docker-content-digest"]).toBe(digest);
      expect(answer.headers["oci-namespace"]).toBe(host);
      const tags = await registry.get(`/v2/org/app/tags/list?ns=${host}`);
      expect(tags.json).toEqual({ name: "org/app", tags: ["1"] });
    }
    const layer = images[0]?.layer ?? "";
    expect((await registry.head(`/v2/org/app/blobs/${layer}?ns=ghcr.io`)).status).toBe(200);
    expect((await registry.head(`/v2/org/app/blobs/${layer}?ns=quay.io`)).status).toBe(404);
  });

  it("never answers a mirror's client with another host's image", async () => {
    const { path, images } = await layoutOf(["ghcr.io/org/app:1", "plain/app:1"]);
    const registry = await Running.start({ path, writable: false });
    expect((await registry.get("/v2/org/app/manifests/1?ns=docker.io")).status).toBe(404);
    const plain = await pulls(registry, "/v2/plain/app/manifests/1?ns=docker.io");
    expect(plain).toBe(images[1]?.digest);
  });

  it("prefers a name that is written without host", async () => {
    const { path, images } = await layoutOf(["ghcr.io/org/app:1", "org/app:1"]);
    const registry = await Running.start({ path, writable: false });
    expect(await pulls(registry, "/v2/org/app/manifests/1")).toBe(images[1]?.digest);
    expect(await pulls(registry, "/v2/org/app/manifests/1?ns=ghcr.io")).toBe(images[0]?.digest);
  });

  it("trusts the full name that containerd writes", async () => {
    const { path } = await layoutOf(["docker.io/library/nginx:1.27"], Annotation.containerdName);
    const registry = await Running.start({ path, writable: false });
    expect((await registry.get("/v2/library/nginx/manifests/1.27")).status).toBe(200);
  });

  it("serves no tag that means two things, but both digests", async () => {
    const { path, images } = await layoutOf(["a:1", "a:1", "a:2"]);
    const registry = await Running.start({ path, writable: false });
    expect((await registry.get("/v2/a/tags/list")).json).toEqual({ name: "a", tags: ["2"] });
    expect(registry.warnings).toEqual(['Cannot serve "a:1" by tag: it has two meanings']);
    for (const { digest } of images) {
      expect((await registry.get(`/v2/a/manifests/${digest}`)).status).toBe(200);
    }
  });

  it("serves a root that is named by digest", async () => {
    const made = await layoutOf(["a:1"]);
    const [image] = made.images as [Pushed];
    const layout = await ImageLayout.open(made.path);
    const annotations = { [Annotation.refName]: `ghcr.io/a@${image.digest}` };
    await layout.changeRoots((roots) => roots.map((root) => ({ ...root, annotations })));
    const registry = await Running.start({ path: made.path, writable: false });
    expect((await registry.get(`/v2/a/manifests/${image.digest}`)).status).toBe(200);
    expect((await registry.get("/v2/a/tags/list")).json).toEqual({ name: "a", tags: [] });
  });

  it("needs no right to write", async () => {
    const { path } = await layoutOf(["a:1"]);
    await chmod(path, 0o555);
    const registry = await Running.start({ path, writable: false });
    expect((await registry.get("/v2/a/manifests/1")).status).toBe(200);
    await registry.registry.close();
    await chmod(path, 0o755);
  });
});

describe("a source that is not files", () => {
  it("is served like any other, with ranges, and says when it has less than it says", async () => {
    const { path, images } = await layoutOf(["docker.io/library/alpine:3.20"]);
    const [image] = images as [Pushed];
    const layout = await ImageLayout.open(path);
    const source: BlobSource = {
      name: "bundle",
      fetch: (descriptor, options) => layout.fetch(descriptor, options),
    };
    const registry = await Running.over(source, await layout.roots());
    expect(await pulls(registry, "/v2/library/alpine/manifests/3.20")).toBe(image.digest);
    const target = `/v2/library/alpine/blobs/${image.layer}`;
    const whole = await registry.get(target);
    expect(whole.body.length).toBe(1000);
    const part = await registry.get(target, { range: "bytes=100-199" });
    expect([part.status, part.body.equals(whole.body.subarray(100, 200))]).toEqual([206, true]);
    const head = await registry.head(target);
    expect(head.headers["content-length"]).toBe("1000");
    // What the source turns out not to have is an error before anything is sent.
    await rm(join(path, blobPath(image.layer)));
    expect((await registry.get(target)).status).toBe(500);
  });

  it("that has less than it says cuts the connection", async () => {
    const { path, images } = await layoutOf(["a:1"]);
    const [image] = images as [Pushed];
    const layout = await ImageLayout.open(path);
    const source: BlobSource = {
      name: "bundle",
      async *fetch(descriptor: Descriptor) {
        if (descriptor.digest === image.layer) yield Buffer.alloc(10);
        else yield* layout.fetch(descriptor);
      },
    };
    const registry = await Running.over(source, await layout.roots());
    await expect(registry.get(`/v2/a/blobs/${image.layer}`)).rejects.toThrow(/closed|terminated/);
    expect(registry.warnings.join()).toContain("content ended 990 bytes early");
    expect((await registry.get("/v2/a/manifests/1")).headers["content-type"]).toBe(
      MediaType.ociManifest,
    );
  });
});
