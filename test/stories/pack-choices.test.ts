import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { parsePlatform, type Platform } from "../../src/oci/platform.ts";
import { parseLock } from "../../src/intake/recipe/lock.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { parseImage } from "../../src/intake/recipe/recipe.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, type Desk } from "./lab.ts";

const image = makeMultiArch("chosen", { platforms: ["amd64", "arm64", "s390x"], size: 10_000 });

async function startFilled(): Promise<{ registry: TestRegistry; at: Desk }> {
  const registry = await startRegistry();
  await fill(registry, image);
  return { registry, at: await desk(registry) };
}

function platforms(...names: string[]): { recipe: { platforms: Platform[] } } {
  return { recipe: { platforms: names.map(parsePlatform) } };
}

/** The manifest of one platform as its publisher made it. */
function childOf({ root }: MadeImage, architecture: string): string | undefined {
  const { mediaType } = root.descriptor;
  const index = parseManifest(root.bytes, { mediaType, what: "test" });
  return index.kind === "index"
    ? index.manifests.find(({ platform }) => platform?.architecture === architecture)?.digest
    : undefined;
}

describe("pack for some platforms", () => {
  it("packs the index byte for byte when none are named", async () => {
    const { at } = await startFilled();
    const { manifest, plan } = await packImages(at, ["team/app:1.0"]);
    expect(manifest?.artifacts[0]).toMatchObject({
      digest: image.root.descriptor.digest,
      platforms: ["linux/amd64", "linux/arm64", "linux/s390x"],
    });
    expect(plan.filtered).toEqual([]);
  });

  it("packs one platform under the digest that its publisher gave it, and says so", async () => {
    const { registry, at } = await startFilled();
    const { manifest, plan } = await packImages(at, ["team/app:1.0"], platforms("linux/arm64"));
    const digest = childOf(image, "arm64");
    expect(manifest?.artifacts[0]).toMatchObject({ digest, platforms: ["linux/arm64"] });
    expect(plan.filtered).toEqual([
      {
        reference: `${registry.host}/team/app:1.0`,
        was: image.root.descriptor.digest,
        is: digest,
      },
    ]);
    const other = childOf(image, "amd64") ?? "";
    expect(registry.seen.some(({ path }) => path.includes(other))).toBe(false);
  });

  it("packs several platforms under a new index of the same children", async () => {
    const { at } = await startFilled();
    const { manifest, plan } = await packImages(
      at,
      ["team/app:1.0"],
      platforms("linux/amd64", "linux/arm64"),
    );
    const [artifact] = manifest?.artifacts ?? [];
    expect(artifact?.platforms).toEqual(["linux/amd64", "linux/arm64"]);
    expect(artifact?.digest).not.toBe(image.root.descriptor.digest);
    expect(plan.filtered).toHaveLength(1);
    const stored = await readFile(
      new ImageLayout(at.store).blobFile(plan.contents[0]?.digest as never),
    );
    const index = parseManifest(stored, { mediaType: image.root.descriptor.mediaType, what: "x" });
    expect(index.kind === "index" && index.manifests.map(({ digest }) => digest)).toEqual([
      childOf(image, "amd64"),
      childOf(image, "arm64"),
    ]);
  });

  it("keeps the digest when nothing is left out", async () => {
    const { at } = await startFilled();
    const all = platforms("linux/amd64", "linux/arm64/v8", "linux/s390x");
    const { manifest, plan } = await packImages(at, ["team/app:1.0"], all);
    expect(manifest?.artifacts[0]?.digest).toBe(image.root.descriptor.digest);
    expect(plan.filtered).toEqual([]);
  });

  it("names what is there when a platform is missing", async () => {
    const { registry, at } = await startFilled();
    const wanted = platforms("linux/arm64", "windows/amd64");
    await expect(packImages(at, ["team/app:1.0"], wanted)).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
      message: `Cannot take ${registry.host}/team/app:1.0 for windows/amd64: found linux/amd64, linux/arm64, linux/s390x`,
    });
  });

  it("reads the config of an image that stands alone", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("alone"));
    const at = await desk(registry);
    const { manifest } = await packImages(at, ["team/app:1.0"], platforms("linux/amd64"));
    expect(manifest?.artifacts).toHaveLength(1);
    await expect(packImages(at, ["team/app:1.0"], platforms("linux/arm64"))).rejects.toMatchObject({
      code: "DRAY_PLATFORM_MISSING",
    });
  });

  it("refuses to leave platforms out of what is pinned by digest", async () => {
    const { at } = await startFilled();
    const pinned = `team/app:1.0@${image.root.descriptor.digest}`;
    await expect(packImages(at, [pinned], platforms("linux/arm64"))).rejects.toMatchObject({
      code: "DRAY_PLATFORM_PINNED",
      kind: "usage",
    });
  });

  it("lets one image choose for itself", async () => {
    const { registry, at } = await startFilled();
    await fill(registry, image, "team/other:1.0");
    const images = [
      { reference: parseImage(`${registry.host}/team/app:1.0`) },
      {
        reference: parseImage(`${registry.host}/team/other:1.0`),
        platforms: [parsePlatform("linux/s390x")],
      },
    ];
    const { manifest } = await packImages(at, [], { recipe: { images } });
    expect(manifest?.artifacts.map((artifact) => artifact.platforms?.length)).toEqual([3, 1]);
  });
});

describe("a lock", () => {
  const names = ["team/app:1.0"];

  it("is written with what every tag meant, and the same again for the same", async () => {
    const { registry, at } = await startFilled();
    const lockPath = join(at.directory, "lock.json");
    await packImages(at, names, { lockPath });
    const text = await readFile(lockPath, "utf8");
    expect(JSON.parse(text)).toEqual({
      lockVersion: 1,
      resolved: [
        {
          reference: `${registry.host}/team/app:1.0`,
          digest: image.root.descriptor.digest,
          mediaType: image.root.descriptor.mediaType,
          size: image.root.descriptor.size,
        },
      ],
    });
    await packImages({ ...at, store: `${at.store}-2` }, names, { lockPath });
    expect(await readFile(lockPath, "utf8")).toBe(text);
  });

  it("remembers the whole image when platforms were left out", async () => {
    const { at } = await startFilled();
    const lockPath = join(at.directory, "lock.json");
    await packImages(at, names, { lockPath, ...platforms("linux/arm64") });
    const { entries } = parseLock(await readFile(lockPath), lockPath);
    expect([...entries.values()][0]?.digest).toBe(image.root.descriptor.digest);
  });

  it("shows which tags have moved since", async () => {
    const { registry, at } = await startFilled();
    const lockPath = join(at.directory, "lock.json");
    await packImages(at, names, { lockPath });
    const lock = parseLock(await readFile(lockPath), lockPath);
    const moved = makeMultiArch("moved", { size: 10_000 });
    await fill(registry, moved);
    const { plan, manifest } = await packImages(at, names, { lock });
    expect(plan.moved).toEqual([
      {
        reference: `${registry.host}/team/app:1.0`,
        was: image.root.descriptor.digest,
        is: moved.root.descriptor.digest,
      },
    ]);
    expect(manifest?.artifacts[0]?.digest).toBe(moved.root.descriptor.digest);
  });

  it("decides when packing is locked, whatever the tag means now", async () => {
    const { registry, at } = await startFilled();
    const lockPath = join(at.directory, "lock.json");
    const first = await packImages(at, names, { lockPath });
    const lock = parseLock(await readFile(lockPath), lockPath);
    await fill(registry, makeMultiArch("moved", { size: 10_000 }));
    const locked = { lock, locked: true };
    const fresh = await packImages(await desk(registry), names, locked);
    expect(fresh.written?.bundleDigest).toBe(first.written?.bundleDigest);
    expect(fresh.plan.moved).toEqual([]);
  });

  it("that does not have a reference is refused when packing is locked", async () => {
    const { registry, at } = await startFilled();
    const lockPath = join(at.directory, "lock.json");
    await packImages(at, names, { lockPath });
    const lock = parseLock(await readFile(lockPath), lockPath);
    await fill(registry, image, "team/new:1.0");
    await expect(
      packImages(at, [...names, "team/new:1.0"], { lock, locked: true }),
    ).rejects.toMatchObject({ code: "DRAY_LOCK_MISSING", kind: "usage" });
  });
});
