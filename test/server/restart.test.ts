import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { Annotation, blobPath } from "../../src/oci/image-layout.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { descriptorOf, documentOf, filesBelow, manifestOf, Running, scratch } from "./running.ts";

async function rootNames(path: string): Promise<readonly (string | undefined)[]> {
  const roots = await (await ImageLayout.open(path)).roots();
  return roots.map((root) => root.annotations?.[Annotation.refName]);
}

describe("after a restart", () => {
  it("everything that was pushed is there", async () => {
    const path = await scratch();
    const before = await Running.start({ path });
    const amd64 = await before.pushImage("team/app");
    const arm64 = await before.pushImage("team/app");
    const index = await before.pushIndex("team/app", "1.0", [amd64, arm64].map(descriptorOf));
    const loose = await before.pushImage("team/app");
    const referrer = await before.pushImage("team/app", undefined, {
      subject: descriptorOf(index),
    });
    await before.pushImage("other", "latest");
    await before.registry.close();

    const after = await Running.start({ path });
    expect(after.registry.repositories).toEqual(["other", "team/app"]);
    for (const { digest, bytes } of [amd64, arm64, index, loose, referrer]) {
      const got = await after.get(`/v2/team/app/manifests/${digest}`);
      expect(got.body.equals(bytes)).toBe(true);
    }
    for (const { layer, config } of [amd64, arm64, loose, referrer]) {
      expect((await after.head(`/v2/team/app/blobs/${layer}`)).status).toBe(200);
      expect((await after.head(`/v2/team/app/blobs/${config}`)).status).toBe(200);
      expect((await after.head(`/v2/other/blobs/${layer}`)).status).toBe(404);
    }
    expect((await after.get("/v2/team/app/tags/list")).json).toEqual({
      name: "team/app",
      tags: ["1.0"],
    });
    const referrers = await after.get(`/v2/team/app/referrers/${index.digest}`);
    expect(referrers.text).toContain(referrer.digest);
    expect(after.warnings).toEqual([]);
  });

  it("index.json names tags, and by digest only what nothing else leads to", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const child = await registry.pushImage("a");
    const index = await registry.pushIndex("a", "1", [descriptorOf(child)]);
    const loose = await registry.pushImage("a");
    await registry.putManifest("a", "2", index);
    await registry.registry.close();
    expect(await rootNames(path)).toEqual(["a:1", "a:2", `a@${loose.digest}`]);
  });

  it("the children of a deleted index are still there", async () => {
    const path = await scratch();
    const before = await Running.start({ path });
    const child = await before.pushImage("a");
    const index = await before.pushIndex("a", "1", [descriptorOf(child)]);
    await before.send("DELETE", `/v2/a/manifests/${index.digest}`);
    await before.registry.close();
    const after = await Running.start({ path });
    expect((await after.get(`/v2/a/manifests/${child.digest}`)).status).toBe(200);
    expect((await after.get(`/v2/a/manifests/${index.digest}`)).status).toBe(404);
  });

  it("what was answered is there even if the server was killed", async () => {
    const path = await scratch();
    // It is never told to stop before the second one starts.
    const killed = await Running.start({ path });
    const image = await killed.pushImage("a", "1");
    const referrer = await killed.pushImage("a", undefined, { subject: descriptorOf(image) });
    const after = await Running.start({ path });
    expect((await after.get("/v2/a/manifests/1")).body.equals(image.bytes)).toBe(true);
    expect((await after.get(`/v2/a/manifests/${referrer.digest}`)).status).toBe(200);
  });

  it("a bare digest is saved soon, though nobody waits for it", async () => {
    const path = await scratch();
    const killed = await Running.start({ path });
    const image = await killed.pushImage("a");
    await expect.poll(() => rootNames(path)).toEqual([`a@${image.digest}`]);
  });

  it("an upload begins anew, and what was left of it is removed", async () => {
    const path = await scratch();
    const bytes = randomBytes(5000);
    const digest = digestOf(bytes);
    const killed = await Running.start({ path });
    const location = await killed.begin("a");
    await killed.send("PATCH", location, { body: bytes.subarray(0, 3000) });
    const part = (await filesBelow(path)).filter((name) => name.startsWith("ingest/upload-"));
    expect(part).toHaveLength(1);
    // Another program's unfinished blob, which is not ours to remove.
    await writeFile(join(path, "ingest", "sha256-ab.cd"), "part");

    const after = await Running.start({ path });
    expect((await filesBelow(path)).filter((name) => name.startsWith("ingest/"))).toEqual([
      "ingest/sha256-ab.cd",
    ]);
    const gone = await after.send("PATCH", location, { body: bytes.subarray(3000) });
    expect([gone.status, ...gone.codes]).toEqual([404, "BLOB_UPLOAD_UNKNOWN"]);
    await after.pushBlob("a", bytes);
    expect((await after.get(`/v2/a/blobs/${digest}`)).body.equals(bytes)).toBe(true);
  });

  it("a blob that no manifest names is not in a repository any more", async () => {
    const path = await scratch();
    const before = await Running.start({ path });
    const { digest } = await before.pushBlob("a", randomBytes(10));
    await before.registry.close();
    const after = await Running.start({ path });
    expect((await after.head(`/v2/a/blobs/${digest}`)).status).toBe(404);
  });

  it("every name that can be pushed can be pulled", async () => {
    const path = await scratch();
    const names = [
      "a",
      "docker.io/alpine",
      "index.docker.io/library/alpine",
      "localhost/x",
      "my.app",
      "a__b/c-d.e",
      "0/1/2/3",
      "f".repeat(245),
      "e".repeat(64),
      `ghcr.io/${"g".repeat(237)}`,
    ];
    const before = await Running.start({ path });
    for (const name of names) await before.pushImage(name, "Tag_1.0-x");
    expect((await before.get(`/v2/${"f".repeat(246)}/tags/list`)).codes).toEqual(["NAME_INVALID"]);
    await before.registry.close();
    const after = await Running.start({ path });
    expect(after.registry.repositories).toEqual(names.toSorted());
    for (const name of names) {
      expect((await after.get(`/v2/${name}/manifests/Tag_1.0-x`)).status).toBe(200);
    }
  });
});

describe("a layout that something else made", () => {
  it("keeps roots that no request can name, and what they need", async () => {
    const path = await scratch();
    const layout = await ImageLayout.create(path);
    const config = Buffer.from("{}");
    const image = manifestOf({
      config: { mediaType: MediaType.ociEmpty, digest: digestOf(config), size: 2 },
      layers: [],
    });
    for (const bytes of [config, image.bytes]) {
      await layout.push(
        { mediaType: MediaType.octetStream, digest: digestOf(bytes), size: bytes.length },
        {
          from: "test",
          open: async function* () {
            yield bytes;
          },
        },
      );
    }
    const unnamed = descriptorOf(image);
    const badlyNamed = { ...unnamed, annotations: { [Annotation.refName]: "Not A Name" } };
    const missing = {
      mediaType: MediaType.ociManifest,
      digest: digestOf(Buffer.from("gone")),
      size: 4,
      annotations: { [Annotation.refName]: "gone:1", "org.example": "kept" },
    };
    await layout.changeRoots(() => [unnamed, badlyNamed, missing]);

    const registry = await Running.start({ path });
    expect(registry.registry.repositories).toEqual([]);
    expect(registry.warnings).toHaveLength(2);
    // The same blob, pushed and deleted: the unnamed image still needs it.
    await registry.pushBlob("a", config);
    await registry.send("DELETE", `/v2/a/blobs/${digestOf(config)}`);
    expect((await readFile(layout.blobFile(digestOf(config)))).toString()).toBe("{}");
    await registry.pushImage("a", "1");
    await registry.registry.close();
    const roots = await layout.roots();
    expect(roots).toHaveLength(4);
    for (const kept of [unnamed, badlyNamed, missing]) expect(roots).toContainEqual(kept);
  });

  it("keeps what it says about a root that stays", async () => {
    const path = await scratch();
    const before = await Running.start({ path });
    const image = await before.pushImage("a", "1");
    await before.registry.close();
    const layout = await ImageLayout.open(path);
    const annotations = {
      [Annotation.containerdName]: "a:1",
      [Annotation.refName]: "1",
      "org.example": "x",
    };
    await layout.changeRoots((roots) => roots.map((root) => ({ ...root, annotations })));
    const registry = await Running.start({ path });
    await registry.putManifest("a", "1", image);
    await registry.putManifest("a", "2", image);
    await registry.registry.close();
    const roots = await layout.roots();
    expect(roots.map((root) => root.annotations)).toEqual([
      annotations,
      { [Annotation.refName]: "a:2" },
    ]);
  });

  it("serves an opaque root as the bytes it is", async () => {
    const path = await scratch();
    const layout = await ImageLayout.create(path);
    const document = documentOf("application/vnd.example.thing+json", { blobs: [] });
    await layout.push(descriptorOf(document), {
      from: "test",
      open: async function* () {
        yield document.bytes;
      },
    });
    const annotations = { [Annotation.refName]: "a:1" };
    await layout.changeRoots(() => [{ ...descriptorOf(document), annotations }]);
    const registry = await Running.start({ path });
    const got = await registry.get("/v2/a/manifests/1");
    expect(got.headers["content-type"]).toBe("application/vnd.example.thing+json");
    expect(got.body.equals(document.bytes)).toBe(true);
  });

  it("gives 404, not an error, for content that it names and does not have", async () => {
    const path = await scratch();
    const before = await Running.start({ path });
    const image = await before.pushImage("a", "1");
    const child = await before.pushImage("a");
    const index = await before.pushIndex("a", "2", [descriptorOf(child)]);
    await before.registry.close();
    await rm(join(path, blobPath(image.layer)));
    await rm(join(path, blobPath(child.digest)));
    const after = await Running.start({ path });
    expect(after.warnings).toHaveLength(1);
    expect((await after.get("/v2/a/manifests/1")).status).toBe(200);
    expect((await after.head(`/v2/a/blobs/${image.layer}`)).status).toBe(404);
    expect((await after.get(`/v2/a/blobs/${image.layer}`)).codes).toEqual(["BLOB_UNKNOWN"]);
    expect((await after.get(`/v2/a/manifests/${index.digest}`)).status).toBe(200);
    expect((await after.get(`/v2/a/manifests/${child.digest}`)).status).toBe(404);
    // It can be pushed again, but a manifest does not count on it before.
    const answer = await after.putManifest("a", "3", image);
    expect(answer.codes).toEqual(["MANIFEST_BLOB_UNKNOWN"]);
    const mount = await after.send("POST", `/v2/b/blobs/uploads/?mount=${image.layer}&from=a`);
    expect(mount.status).toBe(202);
  });

  it("is 500 without details when a manifest was damaged under the server", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const image = await registry.pushImage("a", "1");
    await writeFile(join(path, blobPath(image.digest)), Buffer.alloc(image.size, "x"));
    const answer = await registry.get("/v2/a/manifests/1");
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({ errors: [{ code: "UNKNOWN", message: "internal error" }] });
    expect(registry.warnings.join()).toContain(image.digest);
    // Pushing it again heals it.
    await registry.putManifest("a", "1", image);
    expect((await registry.get("/v2/a/manifests/1")).status).toBe(200);
  });

  it("keeps roots that another process adds while it is served", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const image = await registry.pushImage("a", "1");
    const layout = await ImageLayout.open(path);
    const annotations = { [Annotation.refName]: "added:1" };
    await layout.changeRoots((roots) => [...roots, { ...descriptorOf(image), annotations }]);
    await registry.pushImage("a", "2");
    await registry.pushImage("a", "3");
    expect(await rootNames(path)).toEqual(["a:1", "a:2", "a:3", "added:1"]);
    expect(registry.warnings).toHaveLength(1);
    await registry.registry.close();
    const after = await Running.start({ path });
    expect((await after.get("/v2/added/manifests/1")).status).toBe(200);
  });
});

describe("many pushes", () => {
  it("of 90 images at once lose nothing", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const pushed = await Promise.all(
      Array.from({ length: 90 }, (_, index) => registry.pushImage(`r${index % 30}`, `v${index}`)),
    );
    const names = await rootNames(path);
    expect(new Set(names)).toEqual(new Set(pushed.map((_, index) => `r${index % 30}:v${index}`)));
  });
});
