import { describe, expect, it } from "vitest";
import { changeHead, hangUp, refuse } from "../../fixtures/faults.ts";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { isManifestType } from "../../src/oci/media-type.ts";
import type { PushReport } from "../../src/stories/push.ts";
import {
  fill,
  listening,
  login,
  oneLayerImage,
  QUICK_ATTEMPTS,
  read,
  repositoryOf,
  startRegistry,
} from "../remote/registry/lab.ts";
import { bytesReceived, desk, packImages, pushBundle, typesOf } from "./lab.ts";

interface Crossing {
  /** The bundle. */
  readonly path: string;
  readonly target: TestRegistry;
}

/** Packs images from one registry and starts an empty one to push to. */
async function crossing(images: Readonly<Record<string, MadeImage>>): Promise<Crossing> {
  const source = await startRegistry();
  for (const [name, image] of Object.entries(images)) await fill(source, image, name);
  const at = await desk(source);
  await packImages(at, Object.keys(images));
  return { path: at.output, target: await startRegistry() };
}

const MANIFEST_BY_DIGEST = /\/manifests\/sha256:/;
const MANIFEST_BY_TAG = /\/manifests\/[^:]+$/;

function puts({ seen }: TestRegistry): { method: string; path: string; status: number }[] {
  return seen.filter(({ method }) => method === "PUT");
}

/** Blobs and manifests that a registry has taken, by digest. */
function digestsStored(target: TestRegistry): string[] {
  return puts(target)
    .filter(({ status }) => status === 201)
    .flatMap(({ path }) => /sha256:[a-f0-9]{64}/.exec(decodeURIComponent(path)) ?? []);
}

function withoutWays({ artifacts }: PushReport): object[] {
  return artifacts.map((one) => ({
    ...one,
    blobs: one.blobs.map((blob) => ({ ...blob, result: undefined })),
  }));
}

function waysOfBlobs({ artifacts }: PushReport): string[] {
  const blobs = artifacts.flatMap((one) => one.blobs);
  return blobs.map(({ digest, result }) => `${digest} ${result}`).toSorted();
}

describe("push", () => {
  it("brings every blob and manifest, tags last, and reads everything back", async () => {
    const image = makeMultiArch("crossing");
    const { path, target } = await crossing({ "team/app:1.0": image });
    const report = await pushBundle(path, `${target.host}/mirror`);
    expect(report.artifacts).toMatchObject([
      {
        target: `${target.host}/mirror/team/app:1.0`,
        digest: image.root.descriptor.digest,
        platforms: ["linux/amd64", "linux/arm64"],
        result: "pushed",
      },
    ]);
    const repository = repositoryOf(target, { name: "mirror/team/app" });
    expect(await repository.resolve("1.0")).toEqual(image.root.descriptor);
    for (const { descriptor, bytes } of [image.root, ...image.blobs]) {
      expect((await read(repository, descriptor)).equals(bytes)).toBe(true);
    }
  });

  it("asks for each blob before it sends it, and sends manifests after what they need", async () => {
    const image = makeMultiArch("ordered");
    const { path, target } = await crossing({ "team/app:1.0": image });
    await pushBundle(path, target.host);
    for (const { descriptor } of image.blobs) {
      const first = target.seen.find((one) =>
        decodeURIComponent(one.path).includes(descriptor.digest),
      );
      // A manifest whose parts were missing cannot be there.
      expect(first?.method).toBe(isManifestType(descriptor.mediaType) ? "PUT" : "HEAD");
    }
    const order = puts(target).map((one) => decodeURIComponent(one.path));
    const place = (needle: string): number => order.findIndex((one) => one.includes(needle));
    const root = place(`/manifests/${image.root.descriptor.digest}`);
    for (const { descriptor } of image.blobs) {
      expect(place(descriptor.digest)).toBeGreaterThanOrEqual(0);
      expect(place(descriptor.digest)).toBeLessThan(root);
    }
    expect(order.at(-1)).toBe("/v2/team/app/manifests/1.0");
    expect(order.filter((one) => MANIFEST_BY_TAG.test(one))).toHaveLength(1);
  });

  it("writes every tag after all content of all images is there", async () => {
    const { path, target } = await crossing({
      "team/a:1": makeMultiArch("a"),
      "team/b:1": makeMultiArch("b"),
      "team/b:2": oneLayerImage("c"),
    });
    await pushBundle(path, target.host);
    const order = puts(target).map((one) => one.path);
    const firstTag = order.findIndex((one) => MANIFEST_BY_TAG.test(one));
    expect(order.slice(firstTag).every((one) => MANIFEST_BY_TAG.test(one))).toBe(true);
    expect(order.slice(firstTag)).toHaveLength(3);
  });

  it("asked for all or nothing writes no tag when one blob cannot be sent, and finishes the next time", async () => {
    const broken = oneLayerImage("broken", 100_000);
    const { path, target } = await crossing({
      "team/a:1": makeMultiArch("fine"),
      "team/b:1": broken,
    });
    target.inject(
      { method: "PUT", path: new RegExp(encodeURIComponent(broken.layer.digest)) },
      refuse(403, "DENIED"),
    );
    await expect(pushBundle(path, target.host, { allOrNothing: true })).rejects.toMatchObject({
      code: "DRAY_PUSH_INCOMPLETE",
      message: expect.stringContaining(`target registry ${target.host}`) as string,
      report: {
        artifacts: [{ result: "held" }, { result: "failed", code: "DRAY_REGISTRY_DENIED" }],
      },
    });
    expect(puts(target).some((one) => MANIFEST_BY_TAG.test(one.path))).toBe(false);
    expect(await repositoryOf(target, { name: "team/a" }).find("1")).toBeUndefined();
    const sessions = target.requests("DELETE", /uploads/).filter(({ status }) => status === 204);
    expect(sessions.length).toBeGreaterThan(0);
    target.mend();
    const before = digestsStored(target);
    target.forget();
    const report = await pushBundle(path, target.host, { allOrNothing: true });
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed"]);
    expect(digestsStored(target).filter((digest) => before.includes(digest))).toEqual([]);
  });

  it("sends a layer once that six repositories share", async () => {
    const base = makeLayer("base", 300_000);
    const images = Object.fromEntries(
      Array.from({ length: 6 }, (_item, index) => [
        `team/app-${index}:1.0`,
        makeImage([base, makeLayer(`own-${index}`, 1000)]),
      ]),
    );
    const { path, target } = await crossing(images);
    const report = await pushBundle(path, target.host);
    expect(report.totals.mounted).toEqual({ blobs: 5, bytes: 5 * base.bytes.length });
    const layerPuts = puts(target).filter((one) =>
      decodeURIComponent(one.path).includes(base.descriptor.digest),
    );
    expect(layerPuts).toHaveLength(1);
    expect(bytesReceived(target)).toBeLessThan(base.bytes.length + 6 * 6000);
  });

  it("the second time sends nothing at all, and says that everything was there", async () => {
    const { path, target } = await crossing({ "team/app:1.0": makeMultiArch("twice") });
    await pushBundle(path, target.host);
    target.forget();
    const report = await pushBundle(path, target.host);
    expect(bytesReceived(target)).toBe(0);
    expect(target.seen.every(({ method }) => method === "HEAD" || method === "GET")).toBe(true);
    expect(report.artifacts.map(({ result }) => result)).toEqual(["present"]);
    expect(report.totals.copied).toEqual({ blobs: 0, bytes: 0 });
  });

  it("pushes what was packed by digest alone under its digest, with a tag that keeps it", async () => {
    const image = oneLayerImage("digest");
    const source = await startRegistry();
    await fill(source, image);
    const at = await desk(source);
    const { digest } = image.root.descriptor;
    await packImages(at, [`team/app@${digest}`]);
    const target = await startRegistry();
    const report = await pushBundle(at.output, target.host);
    const tag = `keep-${digest.replace(":", "-")}`;
    expect(report.artifacts).toMatchObject([
      { target: `${target.host}/team/app@${digest}`, tag, result: "pushed" },
    ]);
    expect(await repositoryOf(target).resolve(tag)).toEqual(image.root.descriptor);
    const bare = await startRegistry();
    const untagged = await pushBundle(at.output, bare.host, { keepTag: false });
    expect(untagged.artifacts.map((one) => one.tag)).toEqual([undefined]);
    expect(puts(bare).some(({ path }) => MANIFEST_BY_TAG.test(path))).toBe(false);
    expect(await repositoryOf(bare).resolve(digest)).toEqual(image.root.descriptor);
  });

  it("in a dry run asks only, and says what the push does then", async () => {
    const base = makeLayer("base", 50_000);
    const { path, target } = await crossing({
      "team/a:1": makeImage([base, makeLayer("a", 1000)]),
      "team/b:1": makeImage([base, makeLayer("b", 1000)]),
    });
    const rehearsal = await pushBundle(path, target.host, { dryRun: true });
    const methods = new Set(target.seen.map(({ method }) => method));
    expect([...methods].filter((method) => !/^(GET|HEAD|OPTIONS)$/.test(method))).toEqual([]);
    expect(bytesReceived(target)).toBe(0);
    const report = await pushBundle(path, target.host);
    expect(rehearsal.dryRun).toBe(true);
    // Of two that are pushed at the same time, either may be the one that sends the layer of both.
    expect(withoutWays(rehearsal)).toEqual(withoutWays(report));
    expect(waysOfBlobs(rehearsal)).toEqual(waysOfBlobs(report));
    expect(rehearsal.totals).toEqual(report.totals);
    const again = await pushBundle(path, target.host, { dryRun: true });
    expect(again.artifacts.map(({ result }) => result)).toEqual(["present", "present"]);
  });

  it("announces what it does while it does it", async () => {
    const { path, target } = await crossing({ "team/app:1.0": makeMultiArch("heard") });
    const { events, onEvent } = listening();
    await pushBundle(path, target.host, { onEvent });
    expect(typesOf(events)).toEqual(["copied", "progress", "stage"]);
    expect(events.flatMap((event) => (event.type === "stage" ? event.stage : []))).toEqual([
      "open",
      "push",
      "tag",
    ]);
  });

  it("stops with the reason, soon, writes no tag and leaves no session open", async () => {
    const { path, target } = await crossing({ "team/app:1.0": oneLayerImage("stopped", 400_000) });
    const stop = new AbortController();
    const reason = new Error("stopped by a test");
    // Both blobs are under way then: no session is still being opened.
    target.inject({ method: "PUT", path: /uploads/ }, ({ request }) => {
      request.pause();
      if (target.requests("PUT", /uploads/).length === 2) stop.abort(reason);
    });
    await expect(pushBundle(path, target.host, { signal: stop.signal })).rejects.toBe(reason);
    expect(puts(target).some((one) => MANIFEST_BY_DIGEST.test(one.path))).toBe(false);
    await expect.poll(() => target.requests("DELETE", /uploads/).length).toBe(2);
  });
});

describe("push of a bundle that holds files alone", () => {
  it.each([false, true])("says that they go nowhere, dry run: %s", async (dryRun) => {
    const trust = { keys: [SIGNER.publicKey] };
    const { path } = await makeBundle({ images: {}, files: { "runbook.txt": "read me\n" } });
    const error: unknown = await pushBundle(path, "127.0.0.1:1/none", { dryRun, trust }).catch(
      (cause: unknown) => cause,
    );
    expect(error).toMatchObject({
      code: "DRAY_PUSH_EMPTY",
      kind: "usage",
      message: expect.stringContaining("the file in it goes into no registry") as string,
      hint: `\`dray unpack ${path} DIR\` writes the files.`,
    });
  });
});

describe("push through what goes wrong for a while", () => {
  it("sends everything in the end, and nothing twice that had arrived", async () => {
    const image = makeMultiArch("rough", { size: 100_000 });
    const { path, target } = await crossing({ "team/app:1.0": image });
    // Whatever is asked for fails twice before it is answered, in whichever order it is asked for.
    const failures = new Map<string, number>();
    target.inject({}, (exchange) => {
      const { method, url } = exchange.request;
      const what = `${method} ${/sha256:[a-f0-9]+/.exec(decodeURIComponent(url ?? ""))?.[0]}`;
      const count = failures.get(what) ?? 0;
      failures.set(what, count + 1);
      if (count === 0) refuse(503, "UNAVAILABLE")(exchange);
      else if (count === 1) exchange.request.socket.destroy();
      else exchange.proceed();
    });
    const report = await pushBundle(path, target.host);
    expect(report.artifacts.map(({ result }) => result)).toEqual(["pushed"]);
    target.mend();
    expect(await repositoryOf(target).resolve("1.0")).toEqual(image.root.descriptor);
  });

  it("reports a registry where nothing listens before the bundle is touched twice", async () => {
    const { path, target } = await crossing({ "team/app:1.0": oneLayerImage("gone") });
    const { host } = target;
    await target.stop();
    await expect(pushBundle(path, host)).rejects.toMatchObject({
      code: "DRAY_REGISTRY_UNREACHABLE",
      message: expect.stringContaining(`target registry ${host}`) as string,
    });
  });
});

describe("push to a registry in trouble", () => {
  it.each([
    ["is in trouble itself", refuse(503, "UNAVAILABLE"), "DRAY_REGISTRY_FAILED"],
    ["does not answer", hangUp, "DRAY_REGISTRY_UNREACHABLE"],
  ])("that %s goes no further", async (_what, fault, code) => {
    const names = Array.from({ length: 12 }, (_item, index) => `team/app-${index}:1`);
    const image = oneLayerImage("looked-at");
    const { path, target } = await crossing(Object.fromEntries(names.map((name) => [name, image])));
    target.inject({ path: /manifests/ }, fault);
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({ code });
    expect(target.requests("HEAD").length).toBeLessThan(8 * QUICK_ATTEMPTS);
  });

  it("that refuses the login goes no further", async () => {
    const names = Array.from({ length: 12 }, (_item, index) => `team/app-${index}:1`);
    const image = oneLayerImage("unknown");
    const { path, target } = await crossing(Object.fromEntries(names.map((name) => [name, image])));
    const headers = { "WWW-Authenticate": "Basic realm=test" };
    target.door = () => ({ status: 401, headers });
    const credentials = login("ada", "wrong");
    const pushing = pushBundle(path, target.host, { registry: { credentials } });
    await expect(pushing).rejects.toMatchObject({ code: "DRAY_LOGIN_REFUSED" });
    expect(target.seen.length).toBeLessThan(10);
  });
});

describe("push to a registry that does not keep what it gets", () => {
  it("notices a manifest that is stored under another digest", async () => {
    const { path, target } = await crossing({ "team/app:1.0": oneLayerImage("rewritten") });
    target.inject(
      { method: "PUT", path: MANIFEST_BY_DIGEST },
      changeHead((headers) => {
        headers["docker-content-digest"] = `sha256:${"0".repeat(64)}`;
      }),
    );
    await expect(pushBundle(path, target.host)).rejects.toMatchObject({
      report: { artifacts: [{ result: "failed", code: "DRAY_MANIFEST_REWRITTEN" }] },
    });
    expect(puts(target).some((one) => MANIFEST_BY_TAG.test(one.path))).toBe(false);
  });

  it("notices a mount that was a lie, when the manifest is refused, and sends the blob", async () => {
    const base = makeLayer("base", 50_000);
    const { path, target } = await crossing({
      "team/a:1": makeImage([base, makeLayer("a", 1000)]),
      "team/b:1": makeImage([base, makeLayer("b", 1000)]),
    });
    target.inject({ path: /\?mount=/ }, ({ request, response }) => {
      request.resume();
      response.writeHead(201, { Location: "/v2/" }).end();
    });
    const { artifacts } = await pushBundle(path, target.host);
    expect(artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed"]);
    expect(puts(target).filter((one) => /blobs\/uploads/.test(one.path))).toHaveLength(6);
  });
});
