import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, hangUp } from "../../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { atMost } from "../../../src/content/concurrency.ts";
import { GraphCopy } from "../../../src/content/copy.ts";
import { authored, type Authored } from "../../../src/content/memory.ts";
import { ImageLayout } from "../../../src/layout/layout.ts";
import { digestOf, parseDigest } from "../../../src/oci/digest.ts";
import { MediaType } from "../../../src/oci/media-type.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { fill, listening, oneLayerImage, repositoryOf, startRegistry } from "./lab.ts";

async function pull(repository: Repository, reference: string): Promise<ImageLayout> {
  const layout = await ImageLayout.create(join(await temporaryDirectory(), "layout"));
  const root = await repository.resolve(reference);
  await new GraphCopy(repository, layout, { limit: atMost(3) }).copy(root);
  return layout;
}

/** Pulls an image and compares every blob, byte for byte. */
async function arrivesWhole(registry: TestRegistry, made: MadeImage): Promise<boolean> {
  const layout = await pull(repositoryOf(registry), "1.0");
  return (await wrongOrMissing(layout, made)).length === 0;
}

async function wrongOrMissing(layout: ImageLayout, { root, blobs }: MadeImage): Promise<string[]> {
  const wrong: string[] = [];
  for (const { descriptor, bytes } of [root, ...blobs]) {
    const path = layout.blobFile(descriptor.digest);
    const isRight = (await layout.exists(descriptor)) && (await readFile(path)).equals(bytes);
    if (!isRight) wrong.push(descriptor.digest);
  }
  return wrong;
}

function manifest(mediaType: string, fields: object): Authored {
  return authored(
    mediaType,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...fields })),
  );
}

/** The same image as Docker would have pushed it, with spaces and tabs of its own. */
function dockerImage(): MadeImage {
  const config = authored(
    MediaType.dockerConfig,
    Buffer.from('{"os":"linux","architecture":"amd64"}'),
  );
  const layer = authored(MediaType.dockerLayerGzip, makeLayer("docker", 10_000).bytes);
  const image = authored(
    MediaType.dockerManifest,
    Buffer.from(
      `{\n\t"schemaVersion": 2,\n\t"mediaType": "${MediaType.dockerManifest}",\n\t"config": ${JSON.stringify(config.descriptor)},\n\t"layers": [ ${JSON.stringify(layer.descriptor)} ]\n}\n`,
    ),
  );
  const platform = { os: "linux", architecture: "amd64" };
  const list = manifest(MediaType.dockerList, {
    manifests: [{ ...image.descriptor, platform }],
  });
  return { root: list, blobs: [config, layer, image] };
}

describe("a pull", () => {
  it("asks for every type of manifest that is understood", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("accept"));
    await pull(repositoryOf(registry), "1.0");
    const asked = registry.seen.filter(({ path }) => path.includes("/manifests/"));
    expect(asked).toHaveLength(2);
    for (const { headers } of asked) {
      for (const mediaType of [
        MediaType.ociIndex,
        MediaType.ociManifest,
        MediaType.dockerList,
        MediaType.dockerManifest,
      ]) {
        expect(headers.accept).toContain(mediaType);
      }
    }
  });

  it("keeps Docker's types and its own white space byte for byte", async () => {
    const registry = await startRegistry();
    const made = dockerImage();
    await fill(registry, made);
    expect(await arrivesWhole(registry, made)).toBe(true);
  });

  it("brings all platforms, each blob once", async () => {
    const registry = await startRegistry();
    const made = makeMultiArch("platforms", { platforms: ["amd64", "arm64", "riscv64"] });
    await fill(registry, made);
    expect(await arrivesWhole(registry, made)).toBe(true);
    const blobs = registry.requests("GET", /\/blobs\//).map(({ path }) => path);
    expect(blobs).toHaveLength(new Set(blobs).size);
  });

  it("brings an index inside an index", async () => {
    const registry = await startRegistry();
    const inner = makeMultiArch("inner");
    const outer = manifest(MediaType.ociIndex, { manifests: [inner.root.descriptor] });
    const made = { root: outer, blobs: [...inner.blobs, inner.root] };
    await fill(registry, made);
    expect(await arrivesWhole(registry, made)).toBe(true);
  });

  it("brings an artifact with an empty config and an empty layer", async () => {
    const registry = await startRegistry();
    const empty = authored(MediaType.ociEmpty, Buffer.from("{}"));
    const nothing = authored("text/plain", Buffer.alloc(0));
    const root = manifest(MediaType.ociManifest, {
      artifactType: "application/vnd.example.thing",
      config: empty.descriptor,
      layers: [empty.descriptor, nothing.descriptor],
    });
    const made = { root, blobs: [empty, nothing] };
    await fill(registry, made);
    expect(await arrivesWhole(registry, made)).toBe(true);
  });

  it("brings blobs that are named by sha512", async () => {
    const registry = await startRegistry();
    const plain = makeLayer("long", 10_000);
    const digest = digestOf(plain.bytes, "sha512");
    const layer = { ...plain, descriptor: { ...plain.descriptor, digest } };
    const made = makeImage([layer]);
    await fill(registry, made);
    expect(await arrivesWhole(registry, made)).toBe(true);
  });

  it("leaves what a subject names alone", async () => {
    const registry = await startRegistry();
    const subject = oneLayerImage("subject");
    const empty = authored(MediaType.ociEmpty, Buffer.from("{}"));
    const root = manifest(MediaType.ociManifest, {
      artifactType: "application/vnd.example.signature",
      config: empty.descriptor,
      layers: [],
      subject: subject.root.descriptor,
    });
    await fill(registry, { root, blobs: [empty] });
    const layout = await pull(repositoryOf(registry), "1.0");
    expect(await layout.exists(subject.root.descriptor)).toBe(false);
  });

  it("does not go to the addresses in a foreign layer", async () => {
    const registry = await startRegistry();
    const layer = makeLayer("foreign", 10_000);
    const urls = ["http://127.0.0.1:1/layer"];
    const made = makeImage([{ ...layer, descriptor: { ...layer.descriptor, urls } }]);
    await fill(registry, made);
    expect(await arrivesWhole(registry, made)).toBe(true);
  });

  it("ends with the first failure, and leaves nothing wrong behind", async () => {
    const registry = await startRegistry();
    const made = makeMultiArch("failing", { size: 200_000 });
    await fill(registry, made);
    const [, victim] = made.blobs;
    const digest = victim?.descriptor.digest ?? "";
    registry.inject({ path: new RegExp(digest) }, answer(200, {}, Buffer.alloc(100)));
    const layout = await ImageLayout.create(join(await temporaryDirectory(), "layout"));
    const repository = repositoryOf(registry);
    const copy = new GraphCopy(repository, layout, { limit: repository.client.limit });
    await expect(copy.copy(made.root.descriptor)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      message: expect.stringContaining(digest) as string,
    });
    const missing = await wrongOrMissing(layout, made);
    expect(missing).toContain(digest);
    expect(missing).toContain(made.root.descriptor.digest);
    for (const path of missing) expect(existsSync(layout.blobFile(parseDigest(path)))).toBe(false);
  });

  it("runs no more transfers at once than it may", async () => {
    const registry = await startRegistry();
    const made = makeImage(
      Array.from({ length: 12 }, (_item, index) => makeLayer(`many-${index}`, 20_000)),
    );
    await fill(registry, made);
    let now = 0;
    let most = 0;
    const held: (() => void)[] = [];
    registry.inject({ path: /blobs/ }, ({ response, proceed }) => {
      now += 1;
      most = Math.max(most, now);
      response.once("close", () => (now -= 1));
      if (held.length === 4) return proceed();
      // The first ones wait for one another, and then a while for one too many.
      held.push(proceed);
      if (held.length === 4) setTimeout(() => held.forEach((go) => go()), 20);
    });
    const layout = await ImageLayout.create(join(await temporaryDirectory(), "layout"));
    const repository = repositoryOf(registry, { concurrency: 4 });
    const copy = new GraphCopy(repository, layout, { limit: repository.client.limit });
    await copy.copy(await repository.resolve("1.0"));
    expect(most).toBe(4);
  });
});

describe("a registry's warnings", () => {
  it("are passed on once, and those without an end are not", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("warned"));
    registry.inject({}, ({ response, proceed }) => {
      response.setHeader("Warning", [
        '299 - "this registry moves"',
        `299 - "${"x".repeat(9000)}`,
        "110 - stale",
      ]);
      proceed();
    });
    const { events, onEvent } = listening();
    await pull(repositoryOf(registry, { onEvent }), "1.0");
    expect(events).toEqual([
      { type: "warning", message: `source registry ${registry.host} says: this registry moves` },
    ]);
  });
});

describe("a pool", () => {
  it("cuts what is under way when it is closed", async () => {
    const registry = await startRegistry();
    const image = oneLayerImage("closing");
    await fill(registry, image);
    registry.inject({ path: /manifests/ }, hangUp);
    const repository = repositoryOf(registry, { retryDelay: () => 10 });
    const resolving = repository.resolve("1.0");
    await repository.client.close();
    await expect(resolving).rejects.toMatchObject({ code: "DRAY_REGISTRY_UNREACHABLE" });
  });
});
