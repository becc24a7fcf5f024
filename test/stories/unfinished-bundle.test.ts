import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import {
  cp,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cutAnswerAfter, flipBody, refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { Random } from "../../scripts/fuzz/random.ts";
import { leftBehind } from "../../src/bundle/earlier-part.ts";
import type { PackResult } from "../../src/stories/pack.ts";
import { verify } from "../../src/stories/verify.ts";
import { ownDisk } from "../own-disk.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { startDray } from "./dray-process.ts";
import { blobBytesSent, desk, filesBelow, packImages, TRUST, type Desk } from "./lab.ts";

const MIB = 1024 * 1024;
const BUNDLE = "bundle.tar.gz";
/** A bundle that is whole, with its sum. */
const PACKED = [BUNDLE, `${BUNDLE}.sha256`];
const LEFT = [BUNDLE + ".partial", BUNDLE + ".partial.journal"];

/** Packs without a store: what stays of a run is its unfinished bundle. */
function packAlone(at: Desk, names: readonly string[], reuse?: string[]): Promise<PackResult> {
  return packImages(at, names, { store: undefined, reuse });
}

async function isAccepted(path: string): Promise<boolean> {
  return (await verify({ path, trust: TRUST })).good;
}

/** Layers of half a megabyte and more, and small ones. */
const two = makeLayer("two", 2 * MIB);
const image = makeImage([
  makeLayer("one", 700_000),
  two,
  makeLayer("three", 500_000),
  makeLayer("four", 20_000),
]);

/** A desk whose last run was cut short, and what had been fetched by then. */
async function cutShort(
  registry: TestRegistry,
  names = ["team/app:1.0"],
  directory?: string,
): Promise<Desk> {
  const own = await desk(registry);
  const at = directory === undefined ? own : { ...own, directory, output: join(directory, BUNDLE) };
  const victim = { path: new RegExp(two.descriptor.digest), method: "GET" };
  registry.inject(victim, refuse(403, "DENIED"));
  registry.inject({ ...victim, times: 1 }, cutAnswerAfter(1_500_000));
  await expect(packAlone(at, names)).rejects.toMatchObject({ code: "DRAY_REGISTRY_DENIED" });
  registry.mend();
  registry.forget();
  return at;
}

describe("a bundle that was not finished", () => {
  it("is gone on with by the next run, inside a blob too, and then nothing of it is left", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await cutShort(registry);
    expect(await filesBelow(at.directory)).toEqual(LEFT);
    const present = [...(await leftBehind(at.output)).values()].reduce((sum, one) => sum + one, 0);
    expect(present).toBeGreaterThan(MIB);
    const { plan } = await packAlone(at, ["team/app:1.0"]);
    const { length: manifest } = image.root.bytes;
    const all = image.blobs.reduce((sum, { bytes }) => sum + bytes.length, manifest);
    // The config is read again to know what the image needs.
    const config = image.blobs[0]?.bytes.length ?? 0;
    expect(blobBytesSent(registry)).toBe(all - present + config);
    expect(plan.download).toBe(all - present);
    expect(await filesBelow(at.directory)).toEqual(PACKED);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("gets its name back where a run was killed that had just taken it, or is removed with its copy", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await cutShort(registry);
    const present = [...(await leftBehind(at.output)).values()].reduce((sum, one) => sum + one, 0);
    const partial = `${at.output}.partial`;
    // No system gives so large a number.
    const taken = (random: string): string => `${partial}.7fffffff${random}`;
    await cp(partial, taken("00ff"));
    await writeFile(`${taken("00ff")}.copy`, "begun");
    await rename(partial, taken("00aa"));
    const { plan } = await packAlone(at, ["team/app:1.0"]);
    const { length: manifest } = image.root.bytes;
    const all = image.blobs.reduce((sum, { bytes }) => sum + bytes.length, manifest);
    expect(blobBytesSent(registry)).toBeLessThanOrEqual(all - present + 2000);
    expect(plan.download).toBe(all);
    expect(await filesBelow(at.directory)).toEqual(PACKED);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("is left alone while the run that has taken it looks at it", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await cutShort(registry);
    const pid = process.pid.toString(16).padStart(8, "0");
    const taken = `${BUNDLE}.partial.${pid}00aa`;
    await rename(`${at.output}.partial`, join(at.directory, taken));
    await packAlone(at, ["team/app:1.0"]);
    expect(await filesBelow(at.directory)).toEqual([...PACKED, taken].toSorted());
  });

  it("is set aside and read where other places are needed now", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await cutShort(registry);
    const present = [...(await leftBehind(at.output)).values()].reduce((sum, one) => sum + one, 0);
    const other = oneLayerImage("other", 100_000);
    await fill(registry, other, "team/other:1.0");
    await packAlone(at, ["team/app:1.0", "team/other:1.0"]);
    const all = [...image.blobs, ...other.blobs].reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(blobBytesSent(registry)).toBeLessThanOrEqual(all - present + 2000);
    expect(await filesBelow(at.directory)).toEqual(PACKED);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("is not left where nothing worth it had come", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await desk(registry);
    registry.inject(
      { path: new RegExp(image.blobs[1]?.descriptor.digest ?? "") },
      refuse(403, "DENIED"),
    );
    registry.inject({ path: /\/blobs\//, method: "GET" }, refuse(403, "DENIED"));
    await expect(packAlone(at, ["team/app:1.0"])).rejects.toMatchObject({ status: 403 });
    expect(await filesBelow(at.directory)).toEqual([]);
  });

  it.each<[string, (partial: string, elsewhere: string) => Promise<void>]>([
    [
      "a link to another file",
      async (partial, elsewhere) => {
        await rename(partial, elsewhere);
        await symlink(elsewhere, partial);
      },
    ],
    ["a second name of another file", (partial, elsewhere) => link(partial, elsewhere)],
  ])("is not gone on with where it is %s", async (_what, plant) => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await cutShort(registry);
    const elsewhere = join(await temporaryDirectory(), "elsewhere");
    await plant(join(at.directory, LEFT[0] ?? ""), elsewhere);
    const before = await readFile(elsewhere);
    await packAlone(at, ["team/app:1.0"]);
    expect((await readFile(elsewhere)).equals(before)).toBe(true);
    expect(await filesBelow(at.directory)).toEqual(PACKED);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("saves room where it is gone on with, and none where it is set aside", async (context) => {
    const disk = await ownDisk(context, "size=21m");
    const registry = await startRegistry();
    await fill(registry, image);
    const other = oneLayerImage("other", 100_000);
    await fill(registry, other, "team/other:1.0");
    const at = await cutShort(registry, ["team/app:1.0"], disk);
    await writeFile(join(disk, "ballast"), Buffer.alloc(1_600_000));
    await expect(packAlone(at, ["team/app:1.0", "team/other:1.0"])).rejects.toMatchObject({
      code: "DRAY_DISK_FULL",
      message: expect.stringContaining("Cannot start") as string,
    });
    await packAlone(at, ["team/app:1.0"]);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("on a full disk stays, and the next run goes on when there is room", async (context) => {
    const disk = await ownDisk(context, "size=40m");
    const registry = await startRegistry();
    const [first, second] = [makeLayer("first", 2 * MIB), makeLayer("second", 3 * MIB)];
    await fill(registry, makeImage([first, second]));
    const directory = join(disk, "out");
    await mkdir(directory);
    const at = { ...(await desk(registry)), directory, output: join(directory, BUNDLE) };
    const ofSecond = { path: new RegExp(second.descriptor.digest) };
    registry.inject(ofSecond, ({ proceed }) => {
      spawnSync("dd", ["if=/dev/zero", `of=${join(disk, "ballast")}`, "bs=1M"], {
        stdio: "ignore",
      });
      proceed();
    });
    await expect(packAlone(at, ["team/app:1.0"])).rejects.toMatchObject({
      code: "DRAY_DISK_FULL",
      hint: expect.stringContaining(".partial") as string,
    });
    await rm(join(disk, "ballast"));
    registry.mend();
    await packAlone(at, ["team/app:1.0"]);
    expect(await filesBelow(directory)).toEqual(PACKED);
    expect(await isAccepted(at.output)).toBe(true);
  });
});

describe("two runs of one output", () => {
  it("in two processes: the second makes its own file, and the first says that it was replaced", async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    const at = await desk(registry);
    let goOn: (() => void) | undefined;
    const held = { path: new RegExp(two.descriptor.digest), method: "GET", times: 1 };
    const isHeld = new Promise<void>((resolve) => {
      registry.inject(held, ({ proceed }) => {
        goOn = proceed;
        resolve();
      });
    });
    const argv = ["pack", "--image", `${registry.host}/team/app:1.0`, "--unsigned", "--force"];
    const first = startDray([...argv, "--output", at.output]);
    await isHeld;
    await packAlone(at, ["team/app:1.0"]);
    goOn?.();
    const { code, stderr } = await first.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining("another run writes") as string]);
    expect(await filesBelow(at.directory)).toEqual(PACKED);
    expect(await isAccepted(at.output)).toBe(true);
  });
});

describe("a layer of which a bit is flipped on the way", () => {
  it("is fetched again, though members of it were sealed already", async () => {
    const registry = await startRegistry();
    const large = makeImage([makeLayer("large", 14 * MIB)]);
    await fill(registry, large);
    const at = await desk(registry);
    const digest = large.blobs[1]?.descriptor.digest ?? "";
    registry.inject({ path: new RegExp(digest), method: "GET", times: 1 }, flipBody);
    await packAlone(at, ["team/app:1.0"]);
    expect(registry.requests("GET", new RegExp(digest))).toHaveLength(2);
    const [bytes, report] = [
      await readFile(at.output),
      await verify({ path: at.output, trust: TRUST }),
    ];
    expect(report.good).toBe(true);
    expect(bytes.length).toBeGreaterThan(14 * MIB);
  });
});

async function twoVersions(): Promise<{ registry: TestRegistry; second: MadeImage }> {
  const registry = await startRegistry();
  const base = makeLayer("base", 300_000);
  const second = makeImage([base, makeLayer("new", 50_000)]);
  await fill(registry, makeImage([base]), "team/app:1.0");
  await fill(registry, second, "team/app:2.0");
  return { registry, second };
}

describe("an earlier bundle", () => {
  it.each(["named by --reuse", "that is replaced", "of the same name beside it"])(
    "%s is not fetched again",
    async (where) => {
      const { registry, second } = await twoVersions();
      const at = await desk(registry);
      await packAlone(at, ["team/app:1.0"]);
      const elsewhere = join(await temporaryDirectory(), "earlier");
      const beside = join(at.directory, "test-0.9.tar.gz");
      if (where === "named by --reuse") await rename(at.output, elsewhere);
      if (where === "of the same name beside it") await rename(at.output, beside);
      const reuse = where === "named by --reuse" ? [elsewhere] : [];
      registry.forget();
      const { plan } = await packAlone(at, ["team/app:2.0"], reuse);
      const [config, , added] = second.blobs.map(({ bytes }) => bytes.length);
      expect(blobBytesSent(registry)).toBe((config ?? 0) + (added ?? 0));
      expect(plan.download).toBe((config ?? 0) + (added ?? 0) + second.root.bytes.length);
      expect(await isAccepted(at.output)).toBe(true);
    },
  );

  it("that was damaged since gives what is whole, and the rest is fetched", async () => {
    const { registry } = await twoVersions();
    const at = await desk(registry);
    await packAlone(at, ["team/app:1.0"]);
    const bytes = await readFile(at.output);
    bytes.writeUInt8(bytes.readUInt8(150_000) ^ 1, 150_000);
    await writeFile(at.output, bytes);
    await packAlone(at, ["team/app:2.0"]);
    expect(await isAccepted(at.output)).toBe(true);
  });

  it("that is none is refused where it was named, and no matter where it was found", async () => {
    const { registry } = await twoVersions();
    const at = await desk(registry);
    const other = join(at.directory, "test-0.1.tar.gz");
    await writeFile(other, "no bundle");
    await expect(packAlone(at, ["team/app:1.0"], [other])).rejects.toMatchObject({
      code: "DRAY_ARCHIVE_UNKNOWN",
    });
    await packAlone(at, ["team/app:1.0"]);
    expect(await isAccepted(at.output)).toBe(true);
  });
});

/** What a disk, a power cut or a person does to a file. */
const SPOILS: Readonly<Record<string, (path: string, random: Random) => Promise<void>>> = {
  flip: async (path, random) => {
    const bytes = await readFile(path);
    if (bytes.length === 0) return;
    for (let left = 1 + random.below(4); left > 0; left--) {
      const at = random.below(bytes.length);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at);
    }
    await writeFile(path, bytes);
  },
  cut: async (path, random) => truncate(path, random.below((await readFile(path)).length + 1)),
  zeroEnd: async (path, random) => {
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0, random.below(bytes.length + 1)));
  },
  lengthen: async (path, random) =>
    writeFile(path, Buffer.alloc(1 + random.below(5000), 7), { flag: "a" }),
  remove: (path) => rm(path),
};

const TRIALS = 40;

describe("an unfinished bundle that was damaged at random", () => {
  it(`is finished by the next run, ${TRIALS} times of ${TRIALS}`, async () => {
    const registry = await startRegistry();
    await fill(registry, image);
    await fill(registry, makeMultiArch("multi", { size: 90_000 }), "team/multi:1.0");
    const names = ["team/app:1.0", "team/multi:1.0"];
    const { written } = await packAlone(await desk(registry), names);
    const left = await cutShort(registry, names);
    const random = new Random(17);
    const failed: string[] = [];
    for (let trial = 0; trial < TRIALS; trial++) {
      const directory = await temporaryDirectory();
      await cp(left.directory, directory, { recursive: true });
      const done: string[] = [];
      for (let count = 1 + random.below(3); count > 0; count--) {
        const file = random.of(await filesBelow(directory));
        const [name, spoil] = random.of(Object.entries(SPOILS));
        await spoil(join(directory, file), random);
        done.push(`${name} ${file}`);
        if ((await filesBelow(directory)).length === 0) break;
      }
      const what = `trial ${trial}: ${done.join(", ")}`;
      const at = { ...left, directory, output: join(directory, BUNDLE) };
      try {
        const again = await packAlone(at, names);
        const isSame = again.written?.bundleDigest === written?.bundleDigest;
        const isAlone = (await filesBelow(directory)).join() === PACKED.join();
        if (!isSame || !isAlone || !(await isAccepted(at.output))) failed.push(what);
      } catch (error) {
        failed.push(`${what}: ${String(error)}`);
      }
    }
    expect(failed).toEqual([]);
  });
});

describe("kill -9 of pack without a store", () => {
  it("at any moment: the same command finishes, fetches only what is missing, and leaves nothing", async () => {
    const registry = await startRegistry();
    const base = makeLayer("base", 2 * MIB);
    const images = Object.fromEntries(
      ["a", "b", "c", "d"].map((name) => [
        `team/${name}:1`,
        makeImage([base, makeLayer(name, MIB), makeLayer(`${name}-2`, 300_000)]),
      ]),
    );
    for (const [name, one] of Object.entries(images)) await fill(registry, one, name);
    const at = await desk(registry);
    const argv = [
      "pack",
      ...Object.keys(images).flatMap((name) => ["--image", `${registry.host}/${name}`]),
      "--unsigned",
      "--force",
      "--output",
      at.output,
    ];
    registry.inject({}, ({ proceed }) => void setTimeout(proceed, 15));
    let kills = 0;
    for (const moment of [3, 20, 26, 28, 30]) {
      registry.forget();
      const { child, ended } = startDray(argv);
      const watching = setInterval(() => {
        if (registry.seen.length < moment) return;
        clearInterval(watching);
        setTimeout(() => child.kill("SIGKILL"), Math.random() * 30);
      }, 1);
      if ((await ended).signal === "SIGKILL") kills++;
      clearInterval(watching);
      if (existsSync(at.output)) break;
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    const present = await leftBehind(at.output);
    registry.mend();
    registry.forget();
    expect(await startDray(argv).ended).toMatchObject({ code: 0 });
    const blobs = new Map(
      Object.values(images).flatMap((one) =>
        one.blobs.map(({ descriptor }) => [descriptor.digest, descriptor.size]),
      ),
    );
    const missing = [...blobs].reduce(
      (sum, [digest, size]) => sum + size - (present.get(digest) ?? 0),
      0,
    );
    // Configs are read again to know what an image needs; parts of less than 64 KiB are not gone on with.
    expect(blobBytesSent(registry)).toBeLessThanOrEqual(missing + 4 * 400 + 4 * 64 * 1024);
    expect(await filesBelow(at.directory)).toEqual(PACKED);
    const { good } = await verify({ path: at.output, trust: { keys: [], allowUnsigned: true } });
    expect(good).toBe(true);
  });
});
