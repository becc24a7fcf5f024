import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { manifestOf, Running } from "./running.ts";
import { MediaType } from "../../src/oci/media-type.ts";

describe("GET /v2/", () => {
  it("says which API this is", async () => {
    const registry = await Running.start();
    for (const path of ["/v2/", "/v2"]) {
      const answer = await registry.get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    }
  });
});

describe("manifests", () => {
  it("are given byte for byte, by tag and by digest", async () => {
    const registry = await Running.start();
    const image = await registry.pushImage("team/app", "1.0");
    for (const reference of ["1.0", image.digest]) {
      const answer = await registry.get(`/v2/team/app/manifests/${reference}`);
      expect(answer.status).toBe(200);
      expect(answer.body.equals(image.bytes)).toBe(true);
      expect(answer.headers["content-type"]).toBe(MediaType.ociManifest);
      expect(answer.headers["docker-content-digest"]).toBe(image.digest);
      expect(answer.headers["content-length"]).toBe(String(image.size));
      const head = await registry.head(`/v2/team/app/manifests/${reference}`);
      expect(head.status).toBe(200);
      expect(head.body.length).toBe(0);
      expect(head.headers["content-length"]).toBe(String(image.size));
    }
  });

  it("are 404 MANIFEST_UNKNOWN where tag, digest or repository is not known", async () => {
    const registry = await Running.start();
    await registry.pushImage("team/app", "1.0");
    const absent = manifestOf({ config: {}, layers: [] }).digest;
    for (const reference of ["2.0", absent, ".INVALID_MANIFEST_NAME"]) {
      const answer = await registry.get(`/v2/team/app/manifests/${reference}`);
      expect([answer.status, ...answer.codes]).toEqual([404, "MANIFEST_UNKNOWN"]);
    }
    const answer = await registry.get("/v2/team/other/manifests/1.0");
    expect([answer.status, ...answer.codes]).toEqual([404, "NAME_UNKNOWN"]);
  });
});

describe("blobs", () => {
  const bytes = randomBytes(2048);

  it("are given whole, with their digest", async () => {
    const registry = await Running.start();
    const { digest } = await registry.pushBlob("a", bytes);
    const answer = await registry.get(`/v2/a/blobs/${digest}`);
    expect(answer.status).toBe(200);
    expect(answer.body.equals(bytes)).toBe(true);
    expect(answer.headers["docker-content-digest"]).toBe(digest);
    expect(answer.headers["accept-ranges"]).toBe("bytes");
    const head = await registry.head(`/v2/a/blobs/${digest}`);
    expect([head.status, head.headers["content-length"]]).toEqual([200, "2048"]);
  });

  it("may be empty", async () => {
    const registry = await Running.start();
    const { digest } = await registry.pushBlob("a", Buffer.alloc(0));
    const answer = await registry.get(`/v2/a/blobs/${digest}`);
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
  });

  it.each([
    ["bytes=500-1499", 500, 1500],
    ["bytes=500-", 500, 2048],
    ["bytes=-500", 1548, 2048],
    ["bytes=-5000", 0, 2048],
    ["bytes=2000-5000", 2000, 2048],
    ["bytes=0-0", 0, 1],
  ])("are given in part for Range: %s", async (range, start, end) => {
    const registry = await Running.start();
    const { digest } = await registry.pushBlob("a", bytes);
    const answer = await registry.get(`/v2/a/blobs/${digest}`, { range });
    expect(answer.status).toBe(206);
    expect(answer.body.equals(bytes.subarray(start, end))).toBe(true);
    expect(answer.headers["content-range"]).toBe(`bytes ${start}-${end - 1}/2048`);
  });

  it.each(["bytes=500-0", "bytes=2048-", "bytes=5000-6000", "bytes=-0"])(
    "are 416 for Range: %s",
    async (range) => {
      const registry = await Running.start();
      const { digest } = await registry.pushBlob("a", bytes);
      const answer = await registry.get(`/v2/a/blobs/${digest}`, { range });
      expect(answer.status).toBe(416);
      expect(answer.headers["content-range"]).toBe("bytes */2048");
    },
  );

  it.each(["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-"])(
    "are given whole for Range: %s",
    async (range) => {
      const registry = await Running.start();
      const { digest } = await registry.pushBlob("a", bytes);
      const answer = await registry.get(`/v2/a/blobs/${digest}`, { range });
      expect([answer.status, answer.body.length]).toEqual([200, 2048]);
    },
  );

  it("are given whole if If-Range names something else", async () => {
    const registry = await Running.start();
    const { digest } = await registry.pushBlob("a", bytes);
    const path = `/v2/a/blobs/${digest}`;
    const range = "bytes=0-9";
    const other = await registry.get(path, { range, "if-range": '"sha256:other"' });
    expect([other.status, other.body.length]).toEqual([200, 2048]);
    const same = await registry.get(path, { range, "if-range": other.headers["etag"] ?? "" });
    expect([same.status, same.body.length]).toEqual([206, 10]);
  });

  it("larger than any buffer arrive whole", async () => {
    const registry = await Running.start();
    const large = randomBytes(3 * 1024 * 1024 + 17);
    const { digest } = await registry.pushBlob("a", large);
    const whole = await registry.get(`/v2/a/blobs/${digest}`);
    expect(whole.body.equals(large)).toBe(true);
    const part = await registry.get(`/v2/a/blobs/${digest}`, { range: "bytes=1000-2999999" });
    expect(part.body.equals(large.subarray(1000, 3_000_000))).toBe(true);
  });
});

describe("tags", () => {
  it("are listed in the order of the alphabet, in pages", async () => {
    const registry = await Running.start();
    const image = await registry.pushImage("a", "first");
    const names = Array.from({ length: 1000 }, (_, index) => `v${index}`);
    for (let at = 0; at < names.length; at += 50) {
      const tags = names.slice(at, at + 50).map((tag) => `tag=${tag}`);
      const path = `/v2/a/manifests/${image.digest}?${tags.join("&")}`;
      const headers = { "content-type": image.mediaType };
      const answer = await registry.send("PUT", path, { body: image.bytes, headers });
      expect(answer.status).toBe(201);
    }
    const all = (await registry.get("/v2/a/tags/list")).json as { name: string; tags: string[] };
    expect(all.name).toBe("a");
    expect(all.tags).toEqual(["first", ...names].toSorted());
    const paged: string[] = [];
    let next: string | undefined = "/v2/a/tags/list?n=150";
    while (next !== undefined) {
      const page = await registry.get(next);
      paged.push(...(page.json as { tags: string[] }).tags);
      next = /^<(.*)>; rel="next"$/.exec(page.headers["link"] ?? "")?.[1];
    }
    expect(paged).toEqual(all.tags);
  });

  it("begin after last, which need not exist", async () => {
    const registry = await Running.start();
    for (const tag of ["a", "C", "b", "D"]) await registry.pushImage("a", tag);
    const tagsOf = async (query: string): Promise<unknown> =>
      ((await registry.get(`/v2/a/tags/list${query}`)).json as { tags: string[] }).tags;
    expect(await tagsOf("")).toEqual(["a", "b", "C", "D"]);
    expect(await tagsOf("?last=b")).toEqual(["C", "D"]);
    expect(await tagsOf("?last=bb&n=1")).toEqual(["C"]);
    expect(await tagsOf("?last=z")).toEqual([]);
    expect(await tagsOf("?n=0")).toEqual([]);
    expect((await registry.get("/v2/a/tags/list?n=0")).headers["link"]).toBeUndefined();
    expect((await registry.get("/v2/a/tags/list?n=4")).headers["link"]).toBeUndefined();
  });

  it("cannot be asked for in a number that is none", async () => {
    const registry = await Running.start();
    await registry.pushImage("a", "1");
    for (const n of ["-1", "x", "1e3", ""]) {
      expect((await registry.get(`/v2/a/tags/list?n=${n}`)).status).toBe(400);
    }
  });

  it("of an unknown repository are 404 NAME_UNKNOWN", async () => {
    const registry = await Running.start();
    const answer = await registry.get("/v2/nothing/here/tags/list");
    expect([answer.status, ...answer.codes]).toEqual([404, "NAME_UNKNOWN"]);
  });
});

describe("GET /v2/_catalog", () => {
  it("lists repositories in pages", async () => {
    const registry = await Running.start();
    expect((await registry.get("/v2/_catalog")).json).toEqual({ repositories: [] });
    for (const name of ["c", "a/b", "b"]) await registry.pushImage(name, "1");
    const first = await registry.get("/v2/_catalog?n=2");
    expect(first.json).toEqual({ repositories: ["a/b", "b"] });
    expect(first.headers["link"]).toBe('</v2/_catalog?n=2&last=b>; rel="next"');
    const rest = await registry.get("/v2/_catalog?n=2&last=b");
    expect(rest.json).toEqual({ repositories: ["c"] });
    expect(rest.headers["link"]).toBeUndefined();
  });
});
