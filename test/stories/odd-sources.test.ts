import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { answer, refuse, type Fault } from "../../fixtures/faults.ts";
import type { FaultRule, TestRegistry } from "../../fixtures/registry.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages } from "./lab.ts";

const image = oneLayerImage("odd");
const { descriptor, bytes } = image.root;
const layer = image.blobs.find((one) => one.descriptor.digest === image.layer.digest)?.bytes;
if (layer === undefined) throw new Error("the image has a layer");

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, image);
  return registry;
}

const MANIFEST = {
  "Content-Type": descriptor.mediaType,
  "Docker-Content-Digest": descriptor.digest,
};
const GZIP = { "Content-Encoding": "gzip" };
const layers = { method: "GET", path: new RegExp(image.layer.digest) };

/** Without its length, as a proxy sends what it compresses on the way. */
function unmeasured(body: Buffer): Fault {
  return ({ response }) => {
    response.writeHead(200, GZIP);
    response.write(body.subarray(0, 100));
    response.end(body.subarray(100));
  };
}

describe("an image is packed from a registry that", () => {
  it.each<[string, FaultRule, Fault]>([
    [
      "compresses manifests that nobody wants compressed",
      { method: "GET", path: /manifests/ },
      answer(200, { ...MANIFEST, ...GZIP }, gzipSync(bytes)),
    ],
    ["compresses blobs once more", layers, unmeasured(gzipSync(layer))],
    ["compresses blobs once more and measures that", layers, answer(200, GZIP, gzipSync(layer))],
    ["says of a blob that it is compressed because it is", layers, answer(200, GZIP, layer)],
    ["has nothing to say to HEAD", { method: "HEAD", path: /manifests/ }, answer(404)],
  ])("%s", async (_what, rule, fault) => {
    const registry = await startFilled();
    registry.inject(rule, fault);
    const at = await desk(registry);
    const { plan } = await packImages(at, ["team/app:1.0"]);
    expect(plan.contents.map(({ digest }) => digest)).toEqual([descriptor.digest]);
  });
});

describe("a source that", () => {
  it("answers a blob with a page for people is named for that, and not for a wrong size", async () => {
    const registry = await startFilled();
    const page = "<html><head><title>Blocked</title></head></html>";
    registry.inject(layers, answer(200, { "Content-Type": "text/html" }, page));
    const at = await desk(registry);
    const error = await refusal(() => packImages(at, ["team/app:1.0"]));
    expect(error.message).toMatch(/answered 200 with an HTML page/);
    expect(error.hint).toMatch(/a login page, a portal or a proxy/);
  });

  it("has lost a blob is refused like one that has lost an image", async () => {
    const registry = await startFilled();
    registry.inject(layers, refuse(404, "BLOB_UNKNOWN"));
    const at = await desk(registry);
    const error = await refusal(() => packImages(at, ["team/app:1.0"]));
    expect(error).toMatchObject({ code: "DRAY_REGISTRY_NOT_FOUND", kind: "refused" });
    expect(error.hint).toContain("the registry has lost it");
  });

  it("says of plain bytes that they are compressed is named for that", async () => {
    const registry = await startFilled();
    registry.inject(layers, unmeasured(Buffer.alloc(5000, "plain")));
    const at = await desk(registry);
    const error = await refusal(() => packImages(at, ["team/app:1.0"]));
    expect(error.message).toMatch(/it says that it is compressed, and it is not/);
  });

  it("wants a login says so once for all of its images", async () => {
    const registry = await startFilled();
    registry.door = () => ({ status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } });
    const at = await desk(registry);
    const error = await refusal(() => packImages(at, ["team/app:1.0", "team/app:2.0"]));
    const { host } = registry;
    expect(error.message).toBe(
      `Cannot resolve 2 of 2 references:\n  ${host}/team/app:1.0\n  ${host}/team/app:2.0\n    Cannot log in to ${host}: it answered 401: it wants a login, and none is known`,
    );
    expect(error.hint).toContain(`dray login ${host}`);
  });

  it("has none of two images leaves the bundle incomplete: 3", async () => {
    const { host } = await startRegistry();
    const images = ["--image", `${host}/team/app:1.0`, "--image", `${host}/team/app:2.0`];
    const { code } = await dray(["pack", ...images, "--unsigned", "--dry-run"]);
    expect(code).toBe(3);
  });

  it("has a name with umlauts is to be written as the DNS has it", async () => {
    const { code, stderr } = await dray([
      "pack",
      "--image",
      "b\u00fccher.example/a:1",
      "--unsigned",
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("xn--bcher-kva.example");
  });
});
