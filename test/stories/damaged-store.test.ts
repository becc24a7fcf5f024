import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeMultiArch } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { Random } from "../../scripts/fuzz/random.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf, encodedOf } from "../../src/oci/digest.ts";
import { verify } from "../../src/stories/verify.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, filesBelow, packImages, TRUST, type Desk, type PackChanges } from "./lab.ts";

/** True if a bundle is good and its signer trusted. */
async function isAccepted(path: string): Promise<boolean> {
  return (await verify({ path, trust: TRUST })).good;
}

function flipped(bytes: Buffer, at = 20): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 4, at);
  return copy;
}

/** Names of blobs in a store whose content has another digest. */
async function wrongBlobs(store: string): Promise<string[]> {
  const directory = join(store, "blobs", "sha256");
  const wrong: string[] = [];
  for (const name of await readdir(directory)) {
    if (encodedOf(digestOf(await readFile(join(directory, name)))) !== name) wrong.push(name);
  }
  return wrong;
}

const image = oneLayerImage("healed", 100_000);

/** A desk whose store has one image. */
async function filledDesk(): Promise<Desk> {
  const registry = await startRegistry();
  await fill(registry, image);
  const at = await desk(registry);
  await packImages(at, ["team/app:1.0"]);
  // What an earlier bundle has would be had from there.
  await rm(at.output);
  registry.forget();
  return at;
}

describe("pack heals a store", () => {
  it("with a flipped bit in a layer by fetching that layer again, and only that", async () => {
    const at = await filledDesk();
    const path = new ImageLayout(at.store).blobFile(image.layer.digest);
    const bytes = await readFile(path);
    await writeFile(path, flipped(bytes));
    await packImages(at, ["team/app:1.0"]);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(
      at.registry.requests("GET", /(?:blobs|manifests)\/sha256/).map((request) => request.path),
    ).toEqual([`/v2/team/app/blobs/${image.layer.digest}`]);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it.each([
    ["that was cut short", (path: string, bytes: Buffer) => writeFile(path, bytes.subarray(0, 99))],
    ["that is gone", (path: string) => rm(path)],
    ["that is empty", (path: string) => writeFile(path, "")],
  ])("with a blob %s", async (_what, spoil) => {
    const at = await filledDesk();
    const path = new ImageLayout(at.store).blobFile(image.layer.digest);
    await spoil(path, await readFile(path));
    await packImages(at, ["team/app:1.0"]);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("with documents that were changed, and the store has the right ones again", async () => {
    const registry = await startRegistry();
    const multiArch = makeMultiArch("healed");
    await fill(registry, multiArch);
    const at = await desk(registry);
    await packImages(at, ["team/app:1.0"]);
    await rm(at.output);
    for (const { descriptor, bytes } of [multiArch.root, ...multiArch.blobs]) {
      if (!descriptor.mediaType.endsWith("+json")) continue;
      await writeFile(new ImageLayout(at.store).blobFile(descriptor.digest), flipped(bytes));
    }
    await packImages(at, ["team/app:1.0"]);
    expect(await isAccepted(at.output)).toBe(true);
    expect(await wrongBlobs(at.store)).toEqual([]);
  });

  it("with a damaged layer while another is missing still", async () => {
    const registry = await startRegistry();
    const [one, other] = [oneLayerImage("one", 100_000), oneLayerImage("other", 100_000)];
    await fill(registry, one, "team/one:1.0");
    await fill(registry, other, "team/other:1.0");
    const at = await desk(registry);
    const names = ["team/one:1.0", "team/other:1.0"];
    await packImages(at, names);
    // Whichever comes first in the bundle: both orders have to end well.
    for (const [damaged, missing] of [
      [one.layer, other.layer],
      [other.layer, one.layer],
    ] as const) {
      const path = new ImageLayout(at.store).blobFile(damaged.digest);
      await writeFile(path, Buffer.alloc(damaged.size));
      await rm(new ImageLayout(at.store).blobFile(missing.digest));
      await rm(at.output);
      await packImages(at, names);
      expect(await isAccepted(at.output)).toBe(true);
      expect(await wrongBlobs(at.store)).toEqual([]);
    }
  });

  it.each([
    ["of zeros", Buffer.alloc(30)],
    ["cut short", Buffer.from('{"imageLayoutVer')],
    ["of another version", Buffer.from('{"imageLayoutVersion":"3.0.0"}')],
    ["of other bytes", Buffer.alloc(100_000, 7)],
  ])("with a marker %s", async (_what, marker) => {
    const at = await filledDesk();
    await writeFile(join(at.store, "oci-layout"), marker);
    await packImages(at, ["team/app:1.0"]);
    expect(await isAccepted(at.output)).toBe(true);
    expect(at.registry.requests("GET", /blobs/)).toEqual([]);
    expect((await ImageLayout.open(at.store)).directory).toBe(at.store);
  });
});

/** What a disk, a power cut or a person does to a file. */
const SPOILS: Readonly<Record<string, (bytes: Buffer, random: Random) => Buffer | undefined>> = {
  flip: (bytes, random) =>
    bytes.length === 0 ? bytes : flipped(bytes, random.below(bytes.length)),
  cut: (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  empty: () => Buffer.alloc(0),
  zero: (bytes) => Buffer.alloc(bytes.length),
  zeroEnd: (bytes, random) => Buffer.from(bytes).fill(0, random.below(bytes.length + 1)),
  lengthen: (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.below(5000))]),
  remove: () => undefined,
};

/** Leaves some blobs as a killed run does: as the part that had come. */
async function breakOff(store: string, random: Random): Promise<void> {
  const directory = join(store, "blobs", "sha256");
  await mkdir(join(store, "ingest"), { recursive: true });
  for (const name of (await readdir(directory)).toSorted()) {
    if (random.below(4) > 0) continue;
    const bytes = await readFile(join(directory, name));
    const part = join(store, "ingest", `sha256-${name}.${"0".repeat(12)}`);
    await writeFile(part, bytes.subarray(0, random.below(bytes.length + 1)));
    await rm(join(directory, name));
  }
}

async function spoilFiles(store: string, random: Random): Promise<string[]> {
  const done: string[] = [];
  const spoils = Object.entries(SPOILS);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const file = random.of(await filesBelow(store));
    const [name, spoil] = random.of(spoils);
    const bytes = spoil(await readFile(join(store, file)), random);
    await (bytes === undefined ? rm(join(store, file)) : writeFile(join(store, file), bytes));
    done.push(`${name} ${file}`);
  }
  return done;
}

const TRIALS = 40;

describe("a store that was damaged at random", () => {
  it(`is healed by the next run, ${TRIALS} times of ${TRIALS}`, async () => {
    const registry = await startRegistry();
    await fillWithAll(registry);
    const repository = await startRepository();
    repository.publish("web", { version: "1.2.3" });
    const at = await desk(registry);
    const charts = [parseChart(`${repository.url}#web:1.2.3`)];
    const names = ["team/app:1.0", "team/multi:1.0"];
    const changes: PackChanges = { recipe: { charts } };
    const { written } = await packImages(at, names, changes);
    const random = new Random(13);
    const failed: string[] = [];
    for (let trial = 0; trial < TRIALS; trial++) {
      const store = join(await temporaryDirectory(), "store");
      await cp(at.store, store, { recursive: true });
      if (trial % 2 === 1) await breakOff(store, random);
      const done = await spoilFiles(store, random);
      const what = `trial ${trial}: ${done.join(", ")}`;
      await rm(at.output);
      try {
        const again = await packImages({ ...at, store }, names, changes);
        const isSame = again.written?.bundleDigest === written?.bundleDigest;
        const wrong = await wrongBlobs(store);
        if (!isSame || !(await isAccepted(at.output)) || wrong.length > 0) failed.push(what);
      } catch (error) {
        failed.push(`${what}: ${String(error)}`);
      }
    }
    expect(failed).toEqual([]);
  });
});

async function fillWithAll(registry: TestRegistry): Promise<void> {
  await fill(registry, image);
  await fill(registry, makeMultiArch("multi"), "team/multi:1.0");
}
