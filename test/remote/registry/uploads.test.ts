import { describe, expect, it } from "vitest";
import {
  answer,
  changeHead,
  cutRequestAfter,
  hangUp,
  loseAnswer,
  refuse,
} from "../../../fixtures/faults.ts";
import { makeLayer, seededBytes } from "../../../fixtures/images.ts";
import type { TestRegistry } from "../../../fixtures/registry.ts";
import { authored, contentOf, type Authored } from "../../../src/content/memory.ts";
import type { Content } from "../../../src/content/content.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { MediaType } from "../../../src/oci/media-type.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";
import { listening, oneLayerImage, read, repositoryOf, startRegistry } from "./lab.ts";

const MIB = 1024 * 1024;
const blob = makeLayer("upload", 300_000);
const UPLOADS = /\/blobs\/uploads\//;

async function push(
  repository: Repository,
  { descriptor, bytes }: Authored = blob,
): Promise<string> {
  return repository.push(descriptor, contentOf(bytes, "test"));
}

/** Method and status of everything that was asked about blobs. */
function story(registry: TestRegistry): string[] {
  return registry.seen
    .filter(({ path }) => path.includes("/blobs/"))
    .map(({ method, status }) => `${method} ${status}`);
}

/** Reads a blob back, untouched by faults. */
async function isThere(
  registry: TestRegistry,
  { descriptor, bytes }: Authored = blob,
): Promise<boolean> {
  registry.mend();
  return (await read(repositoryOf(registry), descriptor)).equals(bytes);
}

/** Bytes of each chunk that was taken. */
function chunkSizes(registry: TestRegistry): number[] {
  return registry
    .requests("PATCH")
    .filter(({ status }) => status === 202)
    .map(({ received }) => received);
}

describe("a blob", () => {
  it("is sent with one POST and one PUT that says its length", async () => {
    const registry = await startRegistry();
    expect(await push(repositoryOf(registry))).toBe("copied");
    expect(story(registry)).toEqual(["POST 202", "PUT 201"]);
    const [put] = registry.requests("PUT");
    expect(put?.headers).toMatchObject({
      "content-length": String(blob.bytes.length),
      "content-type": "application/octet-stream",
    });
    expect(put?.headers["transfer-encoding"]).toBeUndefined();
    expect(put?.received).toBe(blob.bytes.length);
    expect(await isThere(registry)).toBe(true);
  });

  it("of no bytes at all is sent too", async () => {
    const registry = await startRegistry();
    const bytes = Buffer.alloc(0);
    const empty = {
      descriptor: { mediaType: MediaType.octetStream, digest: digestOf(bytes), size: 0 },
      bytes,
    };
    await push(repositoryOf(registry), empty);
    expect(await isThere(registry, empty)).toBe(true);
  });

  it("that is named by sha512 is sent under that name", async () => {
    const registry = await startRegistry();
    const digest = digestOf(blob.bytes, "sha512");
    const long = { ...blob, descriptor: { ...blob.descriptor, digest } };
    await push(repositoryOf(registry), long);
    expect(await isThere(registry, long)).toBe(true);
  });

  it("whose content is not what was promised is never stored, and not tried again", async () => {
    const registry = await startRegistry();
    const wrong: [string, Buffer][] = [
      ["other bytes", seededBytes("wrong", blob.bytes.length)],
      ["too few", blob.bytes.subarray(1)],
      ["too many", Buffer.concat([blob.bytes, Buffer.of(1)])],
    ];
    for (const [, bytes] of wrong) {
      registry.forget();
      const repository = repositoryOf(registry);
      await expect(push(repository, { ...blob, bytes })).rejects.toMatchObject({
        code: "DRAY_CONTENT_MISMATCH",
        message: expect.stringContaining("from test") as string,
      });
      expect(registry.requests("PUT").length).toBeLessThan(2);
      expect(registry.requests("DELETE", UPLOADS)).toHaveLength(1);
      expect(await repository.exists(blob.descriptor)).toBe(false);
    }
  });

  it("that is small and not what was promised is found out before a byte of it is sent", async () => {
    const registry = await startRegistry();
    const small = authored(MediaType.octetStream, seededBytes("small", 1000));
    const wrong = { ...small, bytes: seededBytes("other", 1000) };
    await expect(push(repositoryOf(registry), wrong)).rejects.toMatchObject({
      code: "DRAY_CONTENT_MISMATCH",
    });
    expect(registry.requests("PUT")).toEqual([]);
    expect(registry.requests("DELETE", UPLOADS)).toHaveLength(1);
  });

  it("that is small is sent as it is verified, whatever its source does with the memory of pieces", async () => {
    const registry = await startRegistry();
    const small = authored(MediaType.octetStream, seededBytes("pieces", 5000));
    const content: Content = {
      from: "test",
      open: async function* (_offset, { reuse = false } = {}) {
        const memory = [Buffer.alloc(1000), Buffer.alloc(1000)];
        for (let at = 0; at < small.bytes.length; at += 1000) {
          await Promise.resolve();
          const own = reuse ? memory[(at / 1000) % memory.length] : undefined;
          const piece = own ?? Buffer.alloc(1000);
          small.bytes.copy(piece, 0, at);
          yield piece;
        }
      },
    };
    expect(await repositoryOf(registry).push(small.descriptor, content)).toBe("copied");
    expect(story(registry)).toEqual(["POST 202", "PUT 201"]);
    expect(await isThere(registry, small)).toBe(true);
  });

  it("whose source fails ends with that failure, and the session is cancelled", async () => {
    const registry = await startRegistry();
    const failure = new Error("the disk is gone");
    const content: Content = {
      from: "test",
      open: async function* () {
        yield blob.bytes.subarray(0, 100);
        await Promise.resolve();
        throw failure;
      },
    };
    const repository = repositoryOf(registry);
    await expect(repository.push(blob.descriptor, content)).rejects.toBe(failure);
    expect(registry.requests("DELETE", UPLOADS).map(({ status }) => status)).toEqual([204]);
  });

  it("that is stopped in the middle ends with the reason, and the session is cancelled", async () => {
    const registry = await startRegistry();
    const stop = new AbortController();
    const reason = new Error("enough");
    const content: Content = {
      from: "test",
      open: async function* () {
        yield blob.bytes.subarray(0, 100);
        stop.abort(reason);
        yield blob.bytes.subarray(100);
      },
    };
    const repository = repositoryOf(registry);
    await expect(repository.push(blob.descriptor, content, { signal: stop.signal })).rejects.toBe(
      reason,
    );
    expect(registry.requests("DELETE", UPLOADS)).toHaveLength(1);
    expect(await repository.exists(blob.descriptor)).toBe(false);
  });
});

describe("an upload survives", () => {
  it("a connection that is cut in the middle of the PUT", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 1 }, cutRequestAfter(100_000));
    const { events, onEvent } = listening();
    await push(repositoryOf(registry, { onEvent }));
    expect(story(registry)).toEqual([
      "POST 202",
      "PUT 0",
      "HEAD 404",
      "HEAD 404",
      "DELETE 204",
      "POST 202",
      "PUT 201",
    ]);
    expect(events.map(({ type }) => type)).toEqual(["retry"]);
    expect(await isThere(registry)).toBe(true);
  });

  it("an answer that is lost after the commit: the blob is there and not sent again", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 1 }, loseAnswer);
    await push(repositoryOf(registry));
    expect(registry.requests("PUT")).toHaveLength(1);
    expect(await isThere(registry)).toBe(true);
  });

  it("a commit that is answered with 404 though it has happened", async () => {
    const registry = await startRegistry();
    registry.inject(
      { method: "PUT", times: 1 },
      changeHead(() => 404),
    );
    await push(repositoryOf(registry));
    expect(story(registry)).toEqual(["POST 202", "PUT 404", "HEAD 200"]);
    expect(await isThere(registry)).toBe(true);
  });

  it.each([500, 502, 503, 504, 429, 408])("status %i for a while", async (status) => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 2 }, refuse(status, "UNKNOWN"));
    registry.inject({ method: "POST", times: 1 }, refuse(status, "UNKNOWN"));
    await push(repositoryOf(registry));
    expect(await isThere(registry)).toBe(true);
  });

  it("429 with Retry-After, and nothing is sent before that time", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 1 }, answer(429, { "Retry-After": "300" }));
    await push(repositoryOf(registry));
    const refusal = registry.requests("PUT")[0]?.time ?? 0;
    const later = registry.seen.filter(({ time }) => time > refusal).map(({ time }) => time);
    expect(Math.min(...later) - refusal).toBeGreaterThanOrEqual(280);
  });

  it("a session that the registry has forgotten", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 1 }, refuse(404, "BLOB_UPLOAD_UNKNOWN"));
    await push(repositoryOf(registry));
    expect(await isThere(registry)).toBe(true);
  });
});

describe("an upload gives up", () => {
  it("when the registry denies it, at once", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT" }, refuse(403, "DENIED", "quota exceeded"));
    await expect(push(repositoryOf(registry))).rejects.toMatchObject({
      code: "DRAY_REGISTRY_DENIED",
      message: expect.stringContaining("DENIED: quota exceeded") as string,
    });
    expect(story(registry)).toEqual(["POST 202", "PUT 403", "DELETE 204"]);
  });

  it("when the registry refuses to begin, and says what is needed", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "POST" }, refuse(404, "NAME_UNKNOWN", "project team not found"));
    await expect(push(repositoryOf(registry))).rejects.toMatchObject({
      registryCode: "NAME_UNKNOWN",
      hint: expect.stringContaining("makes no repository team/app by itself") as string,
    });
  });

  it("after six tries, with the last failure, and no session is left open", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT" }, hangUp);
    await expect(push(repositoryOf(registry))).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
    });
    expect(registry.requests("POST")).toHaveLength(6);
    const canceled = registry.requests("DELETE", UPLOADS).map(({ status }) => status);
    expect(canceled).toEqual([204, 204, 204, 204, 204, 204]);
  });
});

/** A registry that wants chunks from the start. */
async function startChunked(): Promise<{ registry: TestRegistry; repository: Repository }> {
  const registry = await startRegistry();
  registry.inject(
    { method: "POST" },
    changeHead((headers) => {
      headers["oci-chunk-min-length"] = "1";
    }),
  );
  return { registry, repository: repositoryOf(registry) };
}

describe("an upload in chunks", () => {
  const large = makeLayer("large", 9 * MIB);

  it.each([404, 405, 413, 416])("follows when the whole is answered with %i", async (status) => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 1 }, refuse(status, "UNSUPPORTED"));
    await push(repositoryOf(registry), large);
    expect(chunkSizes(registry)).toEqual([
      4 * MIB - 65_536,
      4 * MIB - 65_536,
      large.bytes.length - 2 * (4 * MIB - 65_536),
    ]);
    expect(registry.requests("PATCH").map(({ headers }) => headers["content-range"])).toEqual([
      "0-4128767",
      "4128768-8257535",
      `8257536-${large.bytes.length - 1}`,
    ]);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("follows when large bodies make the connection close, again and again", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT" }, ({ request, response, proceed }) => {
      if (Number(request.headers["content-length"]) > MIB) request.socket.destroy();
      else if (!response.destroyed) proceed();
    });
    await push(repositoryOf(registry), large);
    expect(registry.requests("PATCH")).toHaveLength(3);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("is chosen when the registry names a least size, and keeps to it", async () => {
    const registry = await startRegistry();
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["oci-chunk-min-length"] = String(5 * MIB);
      }),
    );
    await push(repositoryOf(registry), large);
    expect(chunkSizes(registry)).toEqual([5 * MIB, large.bytes.length - 5 * MIB]);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("goes back to the whole where chunks are refused too", async () => {
    const registry = await startRegistry();
    registry.inject({ method: "PUT", times: 1 }, refuse(413, "SIZE_INVALID"));
    registry.inject({ method: "PATCH" }, refuse(405, "UNSUPPORTED"));
    await push(repositoryOf(registry), large);
    expect(registry.requests("PUT").map(({ status }) => status)).toEqual([413, 201]);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("goes on inside a chunk whose connection was cut", async () => {
    const { registry, repository } = await startChunked();
    registry.inject({ method: "PATCH", times: 1 }, cutRequestAfter(MIB));
    await push(repository, large);
    expect(registry.requests("POST")).toHaveLength(1);
    expect(registry.requests("PATCH")[1]?.headers["content-range"]).toBe("1048576-4128767");
    const received = registry.seen.reduce((sum, request) => sum + request.received, 0);
    expect(received).toBeLessThan(large.bytes.length + 100_000);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("does not send a chunk again whose answer was lost", async () => {
    const { registry, repository } = await startChunked();
    let count = 0;
    registry.inject({ method: "PATCH" }, (exchange) => {
      count += 1;
      if (count === 2) loseAnswer(exchange);
      else exchange.proceed();
    });
    await push(repository, large);
    expect(registry.requests("PATCH")).toHaveLength(3);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("asks for the state after a 416 and goes on from there", async () => {
    const { registry, repository } = await startChunked();
    registry.inject({ method: "PATCH", times: 1 }, refuse(416, "BLOB_UPLOAD_INVALID"));
    await push(repository, large);
    expect(registry.requests("GET", UPLOADS).map(({ status }) => status)).toEqual([204]);
    expect(registry.requests("POST")).toHaveLength(1);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("starts over when the registry has lost what it had", async () => {
    const { registry, repository } = await startChunked();
    let count = 0;
    registry.inject({ method: "PATCH" }, (exchange) => {
      count += 1;
      if (count === 2) hangUp(exchange);
      else exchange.proceed();
    });
    registry.inject(
      { method: "GET", path: UPLOADS },
      changeHead((headers) => {
        headers["range"] = "0-0";
      }),
    );
    await push(repository, large);
    expect(registry.requests("POST")).toHaveLength(2);
    expect(registry.requests("DELETE", UPLOADS)).toHaveLength(1);
    expect(await isThere(registry, large)).toBe(true);
  });

  it("always goes to the newest Location", async () => {
    const { registry, repository } = await startChunked();
    let step = 0;
    registry.inject(
      { path: UPLOADS },
      changeHead((headers) => {
        if (headers["location"] !== undefined) headers["location"] += `?state=${(step += 1)}`;
      }),
    );
    registry.inject(
      { method: "POST" },
      changeHead((headers) => {
        headers["oci-chunk-min-length"] = "1";
        headers["location"] += `?state=${(step += 1)}`;
      }),
    );
    await push(repository, large);
    const states = registry.seen
      .filter(({ method }) => method === "PATCH" || method === "PUT")
      .map(({ path }) => /state=(\d+)/.exec(path)?.[1]);
    expect(states).toEqual(["1", "2", "3", "4"]);
  });
});

describe("a manifest", () => {
  const image = oneLayerImage("pushed");
  const { descriptor, bytes } = image.root;

  async function startWithBlobs(): Promise<{ registry: TestRegistry; repository: Repository }> {
    const registry = await startRegistry();
    const repository = repositoryOf(registry);
    for (const one of image.blobs) await push(repository, one);
    registry.forget();
    return { registry, repository };
  }

  it("is put under its digest with its own type and its exact bytes", async () => {
    const { registry, repository } = await startWithBlobs();
    await push(repository, image.root);
    const [put] = registry.requests("PUT");
    expect(put?.path).toBe(`/v2/team/app/manifests/${descriptor.digest}`);
    expect(put?.headers["content-type"]).toBe(MediaType.ociManifest);
    expect(put?.received).toBe(bytes.length);
    await repository.requireDigest(descriptor.digest, descriptor);
  });

  it("is sent again after an answer that was lost", async () => {
    const { registry, repository } = await startWithBlobs();
    registry.inject({ method: "PUT", times: 1 }, loseAnswer);
    await push(repository, image.root);
    expect(registry.requests("PUT").map(({ status }) => status)).toEqual([0, 201]);
  });

  it("that is answered with a page for people is not stored, and the page is named", async () => {
    const { registry, repository } = await startWithBlobs();
    const page = "<html><head><title>Sign in - Corp</title></head></html>";
    registry.inject({ method: "PUT" }, answer(200, { "Content-Type": "text/html" }, page));
    await expect(push(repository, image.root)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_FAILED",
      message: expect.stringContaining('"Sign in - Corp"') as string,
    });
    expect(registry.requests("PUT")).toHaveLength(1);
    expect(registry.requests("GET", /manifests/)).toHaveLength(0);
  });

  it("that the registry stores under another digest is reported as rewritten", async () => {
    const { registry, repository } = await startWithBlobs();
    registry.inject(
      { method: "PUT" },
      changeHead((headers) => {
        headers["docker-content-digest"] = digestOf(Buffer.from("rewritten"));
      }),
    );
    await expect(push(repository, image.root)).rejects.toMatchObject({
      code: "DRAY_MANIFEST_REWRITTEN",
      message: expect.stringContaining(descriptor.digest) as string,
    });
  });

  it("named by sha512 may be called by its sha256 in the answer", async () => {
    const { repository } = await startWithBlobs();
    const digest = digestOf(bytes, "sha512");
    const named: Descriptor = { ...descriptor, digest };
    expect(await repository.push(named, contentOf(bytes, "test"))).toBe("copied");
    await repository.requireDigest(digest, named);
  });

  it("that the registry does not take is sent once more, then reported with its reason", async () => {
    const { registry, repository } = await startWithBlobs();
    registry.inject({ method: "PUT" }, refuse(400, "MANIFEST_INVALID", "manifest invalid"));
    await expect(push(repository, image.root)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("MANIFEST_INVALID: manifest invalid") as string,
    });
    expect(registry.requests("PUT")).toHaveLength(2);
  });
});

describe("exists()", () => {
  it("asks with HEAD, and for the last byte where the registry knows no HEAD", async () => {
    const registry = await startRegistry();
    const repository = repositoryOf(registry);
    registry.inject({ method: "HEAD" }, answer(405));
    expect(await repository.exists(blob.descriptor)).toBe(false);
    await push(repository);
    expect(await repository.exists(blob.descriptor)).toBe(true);
    const [, asked] = registry.requests("GET", /blobs/);
    expect(asked?.headers.range).toBe(`bytes=${blob.descriptor.size - 1}-`);
  });
});
