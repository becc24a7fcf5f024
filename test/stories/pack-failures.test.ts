import { spawnSync } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { answer, refuse, stallAnswerAfter } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { authored } from "../../src/content/memory.ts";
import { isManifestType, MediaType } from "../../src/oci/media-type.ts";
import { parseImage } from "../../src/intake/recipe/recipe.ts";
import {
  fill,
  listening,
  oneLayerImage,
  startHost,
  startRegistry,
} from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { desk, filesBelow, packImages } from "./lab.ts";
import { ownDisk } from "../own-disk.ts";

describe("pack that cannot have everything", () => {
  it("names every reference that is wrong, in the order they were given", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("there"));
    const gone = await startHost(() => undefined);
    await gone.stop();
    const at = await desk(registry);
    const images = [
      `${registry.host}/team/app:1.0`,
      `${registry.host}/team/app:2.0`,
      `${registry.host}/missing/app:1.0`,
      `${gone.host}/a/b:1`,
      `${gone.host}/a/c:1`,
    ].map((name) => ({ reference: parseImage(name) }));
    const error = await refusal(() => packImages(at, [], { recipe: { images } }));
    expect(error.code).toBe("DRAY_PACK_UNRESOLVED");
    expect(error.kind).toBe("failed");
    expect(
      error.message.split("\n").map((line) => line.replace(/(?<=\d): (Cannot|no).*/, "")),
    ).toEqual([
      "Cannot resolve 4 of 5 references:",
      `  ${registry.host}/team/app:2.0`,
      `  ${registry.host}/missing/app:1.0`,
      `  ${gone.host}/a/b:1`,
      `  ${gone.host}/a/c:1`,
      expect.stringContaining(`    Cannot connect at source registry ${gone.host}`),
    ]);
    expect(await filesBelow(at.directory)).toEqual([]);
    await expect(stat(at.store)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("keeps the code of the failure when there is one alone", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      status: 404,
    });
  });

  it("refuses an index one of whose images is missing, as it does what is missing whole", async () => {
    const registry = await startRegistry();
    const image = makeMultiArch("one-gone");
    await fill(registry, image, "team/app:1.0");
    const child = image.blobs.findLast(({ descriptor }) => isManifestType(descriptor.mediaType));
    registry.inject(
      { path: new RegExp(`manifests/${child?.descriptor.digest ?? ""}`) },
      refuse(404, "MANIFEST_UNKNOWN"),
    );
    const at = await desk(registry);
    await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
      code: "DRAY_REGISTRY_NOT_FOUND",
      kind: "refused",
      hint: expect.stringContaining("--skip") as string,
    });
  });

  it.each([
    ["other bytes for a blob", answer(200, {}, Buffer.alloc(70_000)), "DRAY_CONTENT_MISMATCH"],
    ["no such blob", refuse(404, "BLOB_UNKNOWN"), "DRAY_REGISTRY_NOT_FOUND"],
    ["a server error without end", refuse(500, "UNKNOWN"), "DRAY_REGISTRY_FAILED"],
    ["a denial", refuse(403, "DENIED"), "DRAY_REGISTRY_DENIED"],
  ])("leaves no bundle and no part of one after %s", async (_what, fault, code) => {
    const registry = await startRegistry();
    const failing = makeMultiArch("failing");
    await fill(registry, makeMultiArch("fine"), "team/a:1");
    await fill(registry, failing, "team/b:1");
    const at = await desk(registry);
    const victim = failing.blobs[2]?.descriptor.digest ?? "";
    registry.inject({ path: new RegExp(victim) }, fault);
    await expect(packImages(at, ["team/a:1", "team/b:1"])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(victim) as string,
    });
    expect(await filesBelow(at.directory)).toEqual([]);
    expect((await filesBelow(at.store)).join()).not.toContain(victim.replace("sha256:", ""));
  });

  it("keeps the bundle that was there before", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("failing"));
    const at = await desk(registry);
    await writeFile(at.output, "the last one");
    registry.inject({ path: /\/blobs\// }, refuse(403, "DENIED"));
    await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({ status: 403 });
    expect(await readFile(at.output, "utf8")).toBe("the last one");
    expect(await filesBelow(at.directory)).toEqual(["bundle.tar.gz"]);
  });

  it("does not replace a bundle unless it is told to", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("there"));
    const at = await desk(registry);
    await writeFile(at.output, "the last one");
    await expect(packImages(at, ["team/app:1.0"], { force: false })).rejects.toMatchObject({
      code: "DRAY_FILE_EXISTS",
      kind: "usage",
    });
    expect(await readFile(at.output, "utf8")).toBe("the last one");
  });

  it("refuses an image whose index names what the registry does not have", async () => {
    const registry = await startRegistry();
    const image = makeMultiArch("sparse");
    await fill(registry, image);
    const digest = image.blobs.at(-1)?.descriptor.digest ?? "";
    registry.inject({ path: new RegExp(digest) }, refuse(404, "MANIFEST_UNKNOWN"));
    await expect(packImages(await desk(registry), ["team/app:1.0"])).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining(digest) as string,
    });
  });

  it("refuses a manifest of schema 1 and a manifest that is two things", async () => {
    const registry = await startRegistry();
    const odd = [
      [
        MediaType.dockerSchema1Signed,
        '{"schemaVersion":1,"fsLayers":[]}',
        "DRAY_MANIFEST_UNSUPPORTED",
      ],
      [
        MediaType.ociManifest,
        '{"schemaVersion":2,"manifests":[],"layers":[]}',
        "DRAY_IMAGE_UNUSABLE",
      ],
    ] as const;
    for (const [mediaType, text, code] of odd) {
      const { descriptor, bytes } = authored(mediaType, Buffer.from(text));
      const head = { "Content-Type": mediaType, "Docker-Content-Digest": descriptor.digest };
      registry.inject({ path: /manifests/ }, answer(200, head, bytes));
      const at = await desk(registry);
      await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
        code,
        kind: "refused",
      });
    }
  });

  it("says what to do about layers that may not be carried", async () => {
    const registry = await startRegistry();
    const layer = makeLayer("licensed", 10_000);
    const mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const image = makeImage([{ ...layer, descriptor: { ...layer.descriptor, mediaType } }]);
    await fill(registry, image);
    const at = await desk(registry);
    await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
      code: "DRAY_LAYER_NOT_DISTRIBUTABLE",
      hint: expect.stringContaining("--include-nondistributable") as string,
    });
    const { manifest } = await packImages(at, ["team/app:1.0"], { includeNonDistributable: true });
    expect(manifest?.artifacts).toHaveLength(1);
  });

  it("refuses a recipe of nothing", async () => {
    const registry = await startRegistry();
    await expect(packImages(await desk(registry), [])).rejects.toMatchObject({
      code: "DRAY_RECIPE_EMPTY",
      kind: "usage",
    });
  });
});

describe("pack that is stopped in the middle", () => {
  it("ends with the reason, though the registry is silent, and leaves no bundle and no part of one", async () => {
    const registry = await startRegistry();
    const image = oneLayerImage("stopped", 500_000);
    await fill(registry, image);
    const at = await desk(registry);
    registry.inject({ path: new RegExp(image.layer.digest) }, stallAnswerAfter(200_000));
    const stop = new AbortController();
    const reason = new Error("stopped by a test");
    const { events, onEvent } = listening();
    const packing = packImages(at, ["team/app:1.0"], { signal: stop.signal, onEvent });
    await expect
      .poll(() => events.filter(({ type }) => type === "progress").length)
      .toBeGreaterThan(2);
    stop.abort(reason);
    await expect(packing).rejects.toBe(reason);
    expect(await filesBelow(at.directory)).toEqual([]);
  });

  it("before it begins does nothing", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(packImages(at, ["team/app:1.0"], { signal })).rejects.toThrow("never mind");
    expect(await filesBelow(at.directory)).toEqual([]);
  });
});

describe("pack on a disk that is too small", () => {
  it("says so before anything is downloaded", async (context) => {
    const disk = await ownDisk(context, "size=20m");
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("big", 6 * 1024 * 1024));
    const at = { ...(await desk(registry)), store: join(disk, "store") };
    await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
      code: "DRAY_DISK_FULL",
      message: expect.stringContaining("for the store") as string,
    });
    expect(registry.requests("GET", /\/blobs\//)).toHaveLength(1);
    expect(await filesBelow(at.directory)).toEqual([]);
  });

  it.each(["store", "bundle"] as const)(
    "and fills up while the %s is written leaves nothing half done, and the next run goes on",
    async (which, ...rest: unknown[]) => {
      const context = rest.at(-1) as TestContext;
      const disk = await ownDisk(context, "size=32m");
      const registry = await startRegistry();
      await fill(registry, oneLayerImage("filling", 6 * 1024 * 1024));
      const elsewhere = await desk(registry);
      const directory = join(disk, "out");
      await mkdir(directory);
      const at =
        which === "store"
          ? { ...elsewhere, store: join(disk, "store") }
          : { ...elsewhere, directory, output: join(directory, "bundle.tar.gz") };
      const ballast = join(disk, "ballast");
      let isFilled = false;
      const onEvent = (): void => {
        if (isFilled) return;
        isFilled = true;
        spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=1M"], { stdio: "ignore" });
      };
      registry.inject({ path: /\/blobs\//, method: "GET" }, ({ proceed }) => {
        onEvent();
        proceed();
      });
      await expect(packImages(at, ["team/app:1.0"])).rejects.toMatchObject({
        code: "DRAY_DISK_FULL",
        kind: "failed",
      });
      expect(isFilled).toBe(true);
      expect(await filesBelow(at.directory)).toEqual([]);
      await rm(ballast);
      registry.mend();
      const { written } = await packImages(at, ["team/app:1.0"]);
      expect(written?.size).toBeGreaterThan(6 * 1024 * 1024);
    },
  );

  it("is not noticed by who has enough room", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("small"));
    const at = { ...(await desk(registry)), output: join(await temporaryDirectory(), "b.tar.gz") };
    expect((await packImages(at, ["team/app:1.0"])).written?.path).toBe(at.output);
  });
});
