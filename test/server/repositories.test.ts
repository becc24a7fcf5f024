import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blobPath } from "../../src/oci/image-layout.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { descriptorOf, filesBelow, Running, scratch } from "./running.ts";

async function exists(path: string, digest: Digest): Promise<boolean> {
  return stat(join(path, blobPath(digest))).then(
    () => true,
    () => false,
  );
}

describe("a repository", () => {
  it("does not have what another one has", async () => {
    const registry = await Running.start();
    const image = await registry.pushImage("a", "1");
    await registry.pushImage("b", "1");
    for (const path of [
      `blobs/${image.layer}`,
      `blobs/${image.config}`,
      `manifests/${image.digest}`,
    ]) {
      expect((await registry.head(`/v2/a/${path}`)).status).toBe(200);
      expect((await registry.head(`/v2/b/${path}`)).status).toBe(404);
    }
  });

  it("may be called like an endpoint", async () => {
    const registry = await Running.start();
    for (const name of ["blobs", "a/blobs/uploads", "manifests/tags", "v2/tags/list"]) {
      const image = await registry.pushImage(name, "1");
      expect((await registry.get(`/v2/${name}/manifests/1`)).body.equals(image.bytes)).toBe(true);
      expect((await registry.head(`/v2/${name}/blobs/${image.layer}`)).status).toBe(200);
      expect((await registry.get(`/v2/${name}/tags/list`)).json).toEqual({ name, tags: ["1"] });
    }
  });

  it("with a host in its name is not the one without", async () => {
    const registry = await Running.start();
    await registry.pushImage("ghcr.io/team/app", "1");
    expect((await registry.get("/v2/team/app/manifests/1")).status).toBe(404);
    const image = await registry.pushImage("team/app", "1");
    expect((await registry.get("/v2/team/app/manifests/1")).body.equals(image.bytes)).toBe(true);
    expect((await registry.get("/v2/_catalog")).json).toEqual({
      repositories: ["ghcr.io/team/app", "team/app"],
    });
  });

  it("is gone with the last of its content", async () => {
    const registry = await Running.start();
    const { digest } = await registry.pushBlob("a", randomBytes(10));
    expect((await registry.get("/v2/a/tags/list")).json).toEqual({ name: "a", tags: [] });
    await registry.send("DELETE", `/v2/a/blobs/${digest}`);
    expect((await registry.get("/v2/a/tags/list")).status).toBe(404);
  });
});

describe("DELETE", () => {
  it("of a tag leaves the manifest", async () => {
    const registry = await Running.start();
    const image = await registry.pushImage("a", "1");
    expect((await registry.send("DELETE", "/v2/a/manifests/1")).status).toBe(202);
    expect((await registry.get("/v2/a/manifests/1")).status).toBe(404);
    expect((await registry.get(`/v2/a/manifests/${image.digest}`)).status).toBe(200);
    const again = await registry.send("DELETE", "/v2/a/manifests/1");
    expect([again.status, ...again.codes]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  it("of a manifest takes its tags along and leaves the blobs", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const image = await registry.pushImage("a", "1");
    const other = await registry.pushImage("a", "2");
    await registry.putManifest("a", "3", image);
    expect((await registry.send("DELETE", `/v2/a/manifests/${image.digest}`)).status).toBe(202);
    expect((await registry.get("/v2/a/tags/list")).json).toEqual({ name: "a", tags: ["2"] });
    expect((await registry.get(`/v2/a/manifests/${image.digest}`)).status).toBe(404);
    expect((await registry.get(`/v2/a/manifests/${other.digest}`)).status).toBe(200);
    expect((await registry.head(`/v2/a/blobs/${image.layer}`)).status).toBe(200);
    expect(await exists(path, image.digest)).toBe(false);
    const again = await registry.send("DELETE", `/v2/a/manifests/${image.digest}`);
    expect([again.status, ...again.codes]).toEqual([404, "MANIFEST_UNKNOWN"]);
  });

  it("of content that another repository needs removes it from the one only", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const { digest } = await registry.pushBlob("a", randomBytes(10));
    await registry.send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
    expect((await registry.send("DELETE", `/v2/a/blobs/${digest}`)).status).toBe(202);
    expect((await registry.head(`/v2/a/blobs/${digest}`)).status).toBe(404);
    expect((await registry.head(`/v2/b/blobs/${digest}`)).status).toBe(200);
    expect((await registry.send("DELETE", `/v2/b/blobs/${digest}`)).status).toBe(202);
    expect(await exists(path, digest)).toBe(false);
    const again = await registry.send("DELETE", `/v2/b/blobs/${digest}`);
    expect([again.status, ...again.codes]).toEqual([404, "NAME_UNKNOWN"]);
  });

  it("and push of the same blob, over and over, never lose it", async () => {
    const registry = await Running.start();
    const bytes = randomBytes(100);
    const { digest } = await registry.pushBlob("a", bytes);
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        if (index % 2 === 0) await registry.send("DELETE", `/v2/a/blobs/${digest}`);
        else await registry.pushBlob("a", bytes);
        const answer = await registry.get(`/v2/a/blobs/${digest}`);
        expect([200, 404]).toContain(answer.status);
      }),
    );
    await registry.pushBlob("a", bytes);
    expect((await registry.get(`/v2/a/blobs/${digest}`)).body.equals(bytes)).toBe(true);
    expect(registry.warnings).toEqual([]);
  });

  it("of an index keeps its children", async () => {
    const registry = await Running.start();
    const child = await registry.pushImage("a");
    const index = await registry.pushIndex("a", "1", [descriptorOf(child)]);
    await registry.send("DELETE", `/v2/a/manifests/${index.digest}`);
    expect((await registry.get(`/v2/a/manifests/${child.digest}`)).status).toBe(200);
  });
});

describe("the layout", () => {
  it("has nothing but what the specification names when the registry has stopped", async () => {
    const path = await scratch();
    const registry = await Running.start({ path });
    const image = await registry.pushImage("a", "1");
    await registry.begin("a");
    await registry.registry.close();
    expect(await filesBelow(path)).toEqual(
      [
        ...[image.digest, image.layer, image.config].map((digest) => blobPath(digest)),
        "index.json",
        "oci-layout",
      ].toSorted(),
    );
  });
});
