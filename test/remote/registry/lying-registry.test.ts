import { describe, expect, it } from "vitest";
import { answer, changeHead, refuse } from "../../../fixtures/faults.ts";
import { makeMultiArch, seededBytes } from "../../../fixtures/images.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { MediaType } from "../../../src/oci/media-type.ts";
import { fill, listening, oneLayerImage, read, repositoryOf, startRegistry } from "./lab.ts";

const image = oneLayerImage("honest");
const other = oneLayerImage("other");
const { descriptor } = image.root;

describe("a registry that lies", () => {
  it("about the bytes of a blob is caught", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject({ path: /blobs/ }, answer(200, {}, seededBytes("lie", image.layer.size)));
    await expect(read(repositoryOf(registry), image.layer)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      kind: "refused",
      message: expect.stringContaining(`from source registry ${registry.host}`) as string,
    });
  });

  it("about the bytes of a manifest is caught, whatever its headers say", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { method: "GET", path: /manifests/ },
      answer(
        200,
        { "Content-Type": descriptor.mediaType, "Docker-Content-Digest": descriptor.digest },
        other.root.bytes,
      ),
    );
    await expect(read(repositoryOf(registry), descriptor)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      kind: "refused",
    });
  });

  it("about what a pinned digest is, in a header, is caught before anything is read", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { path: /manifests/ },
      changeHead((headers) => {
        headers["docker-content-digest"] = other.root.descriptor.digest;
      }),
    );
    await expect(repositoryOf(registry).resolve(descriptor.digest)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
      kind: "refused",
    });
  });

  it("about the type of a manifest that was sent is said once", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { method: "GET", path: /manifests/ },
      changeHead((headers) => {
        headers["content-type"] = MediaType.dockerManifest;
      }),
    );
    const { events, onEvent } = listening();
    const repository = repositoryOf(registry, { onEvent });
    await repository.requireDigest(descriptor.digest, descriptor);
    await repository.requireDigest("1.0", descriptor);
    expect(events).toEqual([
      {
        type: "warning",
        message: expect.stringContaining(
          `@${descriptor.digest} out as "${MediaType.dockerManifest}", and it is ${descriptor.mediaType}`,
        ) as string,
      },
    ]);
  });

  it("about the type of a manifest that is there already is said", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { method: "HEAD", path: /manifests/ },
      changeHead((headers) => {
        headers["content-type"] = MediaType.dockerManifest;
      }),
    );
    const { events, onEvent } = listening();
    const repository = repositoryOf(registry, { onEvent });
    expect(await repository.exists(descriptor)).toBe(true);
    expect(await repository.exists(descriptor)).toBe(true);
    expect(events).toMatchObject([{ type: "warning" }]);
  });

  it("about a tag in HEAD gets the manifest of that digest, or nothing", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { method: "HEAD", path: /manifests/ },
      changeHead((headers) => {
        headers["docker-content-digest"] = other.root.descriptor.digest;
      }),
    );
    const repository = repositoryOf(registry);
    const found = await repository.resolve("1.0");
    expect(found.digest).toBe(other.root.descriptor.digest);
    await expect(read(repository, found)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
    });
  });

  it("about the size of a manifest is caught", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { method: "HEAD", path: /manifests/ },
      changeHead((headers) => {
        headers["content-length"] = "17";
      }),
    );
    const repository = repositoryOf(registry);
    await expect(read(repository, await repository.resolve("1.0"))).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
  });

  it("about a digest that was asked for without HEAD is caught", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject({ method: "HEAD" }, answer(405));
    registry.inject(
      { method: "GET", path: /manifests/ },
      answer(200, { "Content-Type": descriptor.mediaType }, other.root.bytes),
    );
    await expect(repositoryOf(registry).resolve(descriptor.digest)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
  });
});

describe("a registry that says little", () => {
  it.each([
    ["no Docker-Content-Digest", "docker-content-digest", undefined],
    ["a digest that cannot be read", "docker-content-digest", "nonsense"],
    ["a digest that cannot be checked", "docker-content-digest", `sha384:${"a".repeat(96)}`],
    ["no Content-Type", "content-type", undefined],
    ["a Content-Type for files", "content-type", "application/octet-stream"],
    ["a Content-Length of nothing", "content-length", "0"],
  ])("and answers HEAD with %s is read instead", async (_what, name, value) => {
    const registry = await startRegistry();
    const made = makeMultiArch("quiet");
    await fill(registry, made);
    registry.inject(
      { path: /manifests/ },
      changeHead((headers) => {
        delete headers[name];
        if (value !== undefined && !(name === "content-length" && headers["etag"] === undefined))
          headers[name] = value;
      }),
    );
    registry.inject(
      { method: "GET", path: /manifests/ },
      changeHead((headers) => {
        if (name !== "content-length") {
          delete headers[name];
          if (value !== undefined) headers[name] = value;
        }
      }),
    );
    expect(await repositoryOf(registry).resolve("1.0")).toEqual(made.root.descriptor);
  });

  it("and knows no HEAD is read instead", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject({ method: "HEAD" }, answer(405));
    const repository = repositoryOf(registry);
    expect(await repository.resolve("1.0")).toEqual(descriptor);
    expect(await repository.resolve(descriptor.digest)).toEqual(descriptor);
    expect(await repository.find("2.0")).toBeUndefined();
  });

  it("has parameters behind its Content-Type", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    registry.inject(
      { path: /manifests/ },
      changeHead((headers) => {
        headers["content-type"] = `${descriptor.mediaType.toUpperCase()}; charset=utf-8`;
      }),
    );
    expect(await repositoryOf(registry).resolve("1.0")).toEqual(descriptor);
  });

  it("answers a pinned sha512 with its own sha256, and the bytes decide", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const digest = digestOf(image.root.bytes, "sha512");
    const head = {
      "Content-Type": descriptor.mediaType,
      "Docker-Content-Digest": descriptor.digest,
    };
    registry.inject({ path: /manifests/ }, answer(200, head, image.root.bytes));
    const repository = repositoryOf(registry);
    const found = await repository.resolve(digest);
    expect(found).toEqual({ ...descriptor, digest });
    expect(await read(repository, found)).toEqual(image.root.bytes);
  });
});

describe("what a registry may not have", () => {
  it("is undefined for find() and an error for resolve()", async () => {
    const registry = await startRegistry();
    const repository = repositoryOf(registry);
    expect(await repository.find("1.0")).toBeUndefined();
    await expect(repository.resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      status: 404,
      message: `Cannot find team/app:1.0 at source registry ${registry.host}: there is no such manifest`,
    });
  });

  it("is a Docker schema 1 manifest", async () => {
    const registry = await startRegistry();
    for (const mediaType of [MediaType.dockerSchema1, MediaType.dockerSchema1Signed]) {
      const body = JSON.stringify({ schemaVersion: 1, name: "a", tag: "b", fsLayers: [] });
      const head = {
        "Content-Type": mediaType,
        "Docker-Content-Digest": digestOf(Buffer.from(body)),
      };
      registry.inject({ path: /manifests/ }, answer(200, head, body));
      await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
        code: "DRAY_MANIFEST_UNSUPPORTED",
        kind: "refused",
        message: expect.stringContaining("schema 1") as string,
      });
    }
  });

  it("is a manifest of more than 4 MiB, of which no more than that is read", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "HEAD" }, answer(405));
    registry.inject({ method: "GET", path: /manifests/ }, ({ response }) => {
      response.writeHead(200, { "Content-Type": MediaType.ociManifest });
      const more = (): void => {
        if (response.write(Buffer.alloc(65_536, " "))) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    });
    await expect(repositoryOf(registry).resolve("1.0")).rejects.toMatchObject({
      code: "DRAY_REGISTRY_ANSWER_TOO_LARGE",
      kind: "refused",
    });
    expect(registry.requests("GET", /manifests/)[0]?.sent).toBeLessThan(16 * 1024 * 1024);
  });

  it("is explained in its own words, cut to a length and without those of others", async () => {
    const registry = await startRegistry();
    registry.inject({ path: /a\/x/ }, refuse(400, "NAME_INVALID", "m".repeat(1000)));
    registry.inject(
      { path: /b\/x/ },
      answer(502, { "Content-Type": "text/html" }, "<h1>proxy</h1>"),
    );
    const first = repositoryOf(registry, { name: "a/x" });
    await expect(first.fetch(image.layer)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      registryCode: "NAME_INVALID",
      message: expect.stringMatching(/it answered 400 \(NAME_INVALID: m{300}…\)$/) as string,
    });
    const second = repositoryOf(registry, { name: "b/x" });
    await expect(second.resolve("1")).rejects.toMatchObject({
      status: 502,
      message: expect.stringMatching(/it answered 502$/) as string,
    });
  });
});
