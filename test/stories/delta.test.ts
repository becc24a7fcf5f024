import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refuse } from "../../fixtures/faults.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { verify, type VerifyReport } from "../../src/stories/verify.ts";
import { refusal } from "../refusal.ts";
import { fill, startRegistry } from "../remote/registry/lab.ts";
import { bytesReceived, desk, packImages, pushBundle, TRUST, type Desk } from "./lab.ts";

const MIB = 1024 * 1024;

/** Bytes of everything that two releases share, and of what only one of them has. */
const SHARED = makeLayer("shared", MIB);
const OLD = makeLayer("old", MIB);
const NEW = makeLayer("new", MIB);
const BEFORE = makeImage([SHARED, OLD]);
const AFTER = makeImage([SHARED, NEW]);

interface Releases extends Desk {
  /** Everything of the first release. */
  readonly before: string;
  /** What the second one adds. */
  readonly delta: string;
}

/** Packs a first release, and a second one since that. */
async function releases(
  first: Readonly<Record<string, MadeImage>> = { "team/app:1.0": BEFORE },
  second: Readonly<Record<string, MadeImage>> = { "team/app:1.1": AFTER },
): Promise<Releases> {
  const registry = await startRegistry();
  for (const [name, image] of Object.entries({ ...first, ...second })) {
    await fill(registry, image, name);
  }
  const at = await desk(registry);
  const before = join(at.directory, "before.tar.gz");
  const delta = join(at.directory, "delta.tar.gz");
  await packImages({ ...at, output: before }, Object.keys(first), { store: undefined });
  await packImages({ ...at, output: delta }, Object.keys(second), {
    store: undefined,
    since: [before],
    recipe: { version: "1.1" },
  });
  return { ...at, before, delta };
}

function check(path: string, base: readonly string[] = []): Promise<VerifyReport> {
  return verify({ path, base, trust: TRUST });
}

function errorsOf({ findings }: VerifyReport): string[] {
  return findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
}

/** Requests that would change something. */
function changes({ seen }: TestRegistry): string[] {
  return seen.flatMap(({ method, path }) => (/^(?:PUT|POST|PATCH)$/.test(method) ? [path] : []));
}

describe("a delta", () => {
  it("has the list and digest of the whole bundle, and none of the blobs that its base has", async () => {
    const at = await releases();
    const whole = join(at.directory, "whole.tar.gz");
    const { written } = await packImages({ ...at, output: whole }, ["team/app:1.1"], {
      recipe: { version: "1.1" },
    });
    const { delta, good, bundleDigest } = await check(at.delta);
    expect([bundleDigest, good]).toEqual([written?.bundleDigest, false]);
    expect(delta?.leftOut.map(({ descriptor: { digest } }) => digest)).toEqual([
      SHARED.descriptor.digest,
    ]);
    const left = (await stat(whole)).size - (await stat(at.delta)).size;
    expect(left).toBeGreaterThan(SHARED.descriptor.size - 2048);
  });

  it("fetches nothing of what stays behind", async () => {
    const at = await releases();
    const path = SHARED.descriptor.digest;
    expect(at.registry.requests("GET", new RegExp(path))).toHaveLength(1);
  });

  it("is never good alone: what nobody has seen is named with who has it", async () => {
    const { delta } = await releases();
    const report = await check(delta);
    expect(errorsOf(report)).toEqual(["BLOBS_LEFT_OUT"]);
    expect(report.findings[0]?.message).toMatch(
      /^A delta: 1 blob of \d+ bytes .*; test 1\.0 \(sha256:[0-9a-f]{64}\) has it$/,
    );
  });

  it("is good together with its base, which need not be signed", async () => {
    const { before, delta } = await releases();
    expect(await check(delta, [before])).toMatchObject({ good: true, delta: { leftOut: [] } });
  });

  it("takes no damaged blob from a base", async () => {
    const { before, delta, directory } = await releases();
    const bytes = await readFile(before);
    const place = bytes.indexOf(SHARED.bytes.subarray(1000, 1064));
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
    const damaged = join(directory, "damaged.tar.gz");
    await writeFile(damaged, bytes);
    expect(errorsOf(await check(delta, [damaged]))).toEqual(["BLOBS_LEFT_OUT"]);
    expect(await check(delta, [damaged, before])).toMatchObject({ good: true });
  });

  it("has all of an image but layers, so that it can be looked into", async () => {
    const image = makeImage([SHARED]);
    const { delta } = await releases(
      { "team/app:1.0": image },
      { "team/app:1.1": image, "team/other:1": AFTER },
    );
    const { leftOut } = (await check(delta)).delta ?? { leftOut: [] };
    expect(leftOut.map(({ descriptor }) => descriptor.digest)).toEqual([SHARED.descriptor.digest]);
  });

  it("is unpacked with its base to the whole bundle, and not without", async () => {
    const { before, delta } = await releases();
    const directory = join(await temporaryDirectory(), "out");
    const options = { path: delta, directory, trust: TRUST };
    expect((await refusal(() => unpack(options))).code).toBe("DRAY_BUNDLE_REFUSED");
    await unpack({ ...options, base: [before] });
    expect(await check(directory)).toMatchObject({ good: true, findings: [] });
    expect((await check(directory)).delta).toBeUndefined();
  });

  it("that has lost blobs of its own is damaged, and not a larger delta", async () => {
    const { before, delta } = await releases();
    const directory = join(await temporaryDirectory(), "out");
    await unpack({ path: delta, directory, trust: TRUST, base: [before] });
    const [, hex = ""] = NEW.descriptor.digest.split(":");
    await rm(join(directory, "blobs/sha256", hex));
    expect(errorsOf(await check(directory))).toContain("ENTRY_MISSING");
  });
});

describe("pack since a base that has everything", () => {
  it("writes no bundle, and asks for no layer", async () => {
    const at = await releases();
    at.registry.forget();
    const output = join(at.directory, "again.tar.gz");
    const { written, plan } = await packImages({ ...at, output }, ["team/app:1.1"], {
      store: undefined,
      since: [at.before, at.delta],
      recipe: { version: "1.2" },
    });
    expect(written).toBeUndefined();
    expect(plan.delta).toMatchObject({ isNew: false });
    await expect(stat(output)).rejects.toThrow("ENOENT");
    expect(at.registry.requests("GET", new RegExp(`blobs/${NEW.descriptor.digest}`))).toEqual([]);
    expect(at.registry.seen.length).toBeLessThanOrEqual(8);
  });

  it("writes one where a tag stands for something else now, though every layer is there", async () => {
    const { plan, written } = await (async () => {
      const at = await releases(
        { "team/app:1.0": BEFORE, "team/next:1.0": AFTER },
        { "team/app:1.1": AFTER },
      );
      return packImages({ ...at, output: join(at.directory, "moved.tar.gz") }, ["team/app:1.1"], {
        since: [at.before],
      });
    })();
    expect(plan.delta).toMatchObject({ isNew: true, blobs: 2 });
    expect(written).toBeDefined();
  });
});

describe("push of a delta", () => {
  it("sends what is new and mounts the rest, also into another repository", async () => {
    const { before, delta } = await releases(
      { "team/app:1.0": BEFORE },
      { "team/other:1.1": AFTER },
    );
    const target = await startRegistry();
    await pushBundle(before, `${target.host}/mirror`);
    target.forget();
    const { artifacts, totals } = await pushBundle(delta, `${target.host}/mirror`);
    expect(artifacts).toMatchObject([{ result: "pushed" }]);
    expect(totals.mounted).toEqual({ blobs: 1, bytes: SHARED.descriptor.size });
    expect(bytesReceived(target)).toBeLessThan(NEW.descriptor.size + 20_000);
  });

  it("takes from the target itself what that does not mount", async () => {
    const { before, delta } = await releases(
      { "team/app:1.0": BEFORE },
      { "team/other:1.1": AFTER },
    );
    const target = await startRegistry();
    await pushBundle(before, target.host);
    target.inject({ method: "POST", path: /mount=/ }, ({ request, proceed }) => {
      request.url = request.url?.replace(/\?.*/, "");
      proceed();
    });
    const { artifacts } = await pushBundle(delta, target.host);
    expect(artifacts).toMatchObject([{ result: "pushed" }]);
  });

  it.each([
    ["never came", undefined],
    ["was deleted", SHARED.descriptor.digest],
  ])("names what %s and who has it, before anything is sent", async (_what, deleted) => {
    const { before, delta } = await releases();
    const target = await startRegistry();
    if (deleted !== undefined) {
      await pushBundle(before, target.host);
      target.inject({ path: new RegExp(`/blobs/${deleted}`) }, refuse(404, "BLOB_UNKNOWN"));
    }
    target.forget();
    for (const dryRun of [true, false]) {
      const error = await refusal(() => pushBundle(delta, target.host, { dryRun }));
      expect(error.code).toBe("DRAY_BASE_MISSING");
      expect(error.message).toContain(SHARED.descriptor.digest);
      expect(error.message).toMatch(/team\/app:1\.1 needs; test 1\.0 \(sha256:[0-9a-f]+\) has it/);
    }
    expect(changes(target)).toEqual([]);
  });

  it("sends out of a base that is named what the target has lost", async () => {
    const { before, delta } = await releases();
    const target = await startRegistry();
    const { artifacts } = await pushBundle(delta, target.host, { base: [before] });
    expect(artifacts).toMatchObject([{ result: "pushed" }]);
  });

  it("goes by a receipt, which knows the repositories", async () => {
    const at = await releases();
    const target = await startRegistry();
    const receipt = join(at.directory, "receipt.json");
    await pushBundle(at.before, `${target.host}/deep/down`, { receipt });
    const output = join(at.directory, "by-receipt.tar.gz");
    const { plan } = await packImages({ ...at, output }, ["team/app:1.1"], { since: [receipt] });
    expect(plan.delta).toMatchObject({ isNew: true, blobs: 1 });
    const { artifacts } = await pushBundle(output, `${target.host}/elsewhere`);
    expect(artifacts).toMatchObject([{ result: "pushed" }]);
  });

  it("asks for nothing at its target that is no repository, whatever it says", async () => {
    const at = await releases();
    const target = await startRegistry();
    const receipt = join(at.directory, "receipt.json");
    await pushBundle(at.before, target.host, { receipt });
    const said = await readFile(receipt, "utf8");
    await writeFile(receipt, said.replaceAll("/team/app@", "/team/../../v2/elsewhere@"));
    const output = join(at.directory, "by-receipt.tar.gz");
    await packImages({ ...at, output }, ["team/app:1.1"], { since: [receipt] });
    const empty = await startRegistry();
    expect((await refusal(() => pushBundle(output, empty.host))).code).toBe("DRAY_BASE_MISSING");
    expect(empty.seen.filter(({ path }) => path.includes("elsewhere"))).toEqual([]);
  });

  it("follows another delta, of which the bundle is named that really has the blob", async () => {
    const at = await releases();
    const third = makeImage([SHARED, makeLayer("third", MIB)]);
    await fill(at.registry, third, "team/app:1.2");
    const output = join(at.directory, "third.tar.gz");
    await packImages({ ...at, output }, ["team/app:1.2"], { since: [at.delta] });
    const report = await check(output);
    expect(report.findings[0]?.message).toContain("test 1.0 (");
    expect(await check(output, [at.delta, at.before])).toMatchObject({ good: true });
  });
});

describe("a hundred images of which five changed", () => {
  it("make a delta of no more than 1.02 times the blobs that are new", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const names = Array.from({ length: 100 }, (_, number) => `team/app-${number}:1`);
    const layers = names.map((name) => makeLayer(name.replaceAll("/", "-"), 10_000));
    for (const [index, name] of names.entries()) {
      await fill(registry, makeImage(layers.slice(index, index + 1)), name);
    }
    const before = join(at.directory, "before.tar.gz");
    await packImages({ ...at, output: before }, names, { store: undefined });
    let bytes = 0;
    for (let index = 0; index < 100; index += 20) {
      const added = makeLayer(`added-${index}`, 5 * MIB);
      bytes += added.descriptor.size;
      const image = makeImage([...layers.slice(index, index + 1), added]);
      await fill(registry, image, names[index]);
    }
    await packImages(at, names, { since: [before], store: undefined });
    expect((await stat(at.output)).size / bytes).toBeLessThan(1.02);
  });
});
