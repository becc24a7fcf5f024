import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answer, refuse } from "../../fixtures/faults.ts";
import { makeMultiArch, makeReferrer, type MadeImage } from "../../fixtures/images.ts";
import { makeAttested, makeCosigned, makeList } from "../../fixtures/referrers.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import type { ContentsDocument } from "../../src/bundle/format.ts";
import { parseLock } from "../../src/intake/recipe/lock.ts";
import { cosignTag, referrersTag } from "../../src/oci/referrer.ts";
import { inspect } from "../../src/stories/inspect.ts";
import { readInput } from "../../src/cli/flags.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, TRUST } from "./lab.ts";

const image = makeMultiArch("vouched");
const { digest } = image.root.descriptor;
const child = image.blobs.find(({ descriptor }) => descriptor.mediaType.includes("manifest"));
const note = makeReferrer(image.root.descriptor, "about the index");
const ofChild = makeReferrer(child?.descriptor ?? image.root.descriptor, "about one platform");
const ofNote = makeReferrer(note.root.descriptor, "about the note");
const signature = makeCosigned(image.root.descriptor, "cosign");

/** Everything that a registry may have about one image. */
async function full(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, image, "team/app:1.0");
  for (const one of [note, ofChild, ofNote]) {
    await fill(registry, one, `team/app:any-${one.root.descriptor.digest.slice(7, 19)}`);
  }
  await fill(registry, signature, `team/app:${cosignTag(digest, "sig")}`);
  return registry;
}

function about(manifest: ContentsDocument | undefined): (string | undefined)[][] {
  const referrers = manifest?.artifacts.filter(({ kind }) => kind === "referrer") ?? [];
  return referrers.map(({ reference, subject }) => [reference.split("/team/app")[1], subject]);
}

function page(one: MadeImage): Buffer {
  return makeList([one.root.descriptor]).root.bytes;
}

function platform(architecture: string): { os: string; architecture: string } {
  return { os: "linux", architecture };
}

const EVERYTHING = [
  [`:${cosignTag(digest, "sig")}`, digest],
  [`@${note.root.descriptor.digest}`, digest],
  [`@${ofChild.root.descriptor.digest}`, child?.descriptor.digest],
  [`@${ofNote.root.descriptor.digest}`, note.root.descriptor.digest],
].toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));

describe("what refers to an image", () => {
  it("travels with it: to the index, to a platform, to what refers to them, and cosign's tags", async () => {
    const registry = await full();
    const at = await desk(registry);
    const { manifest, plan } = await packImages(at, ["team/app:1.0"]);
    expect(about(manifest)).toEqual(EVERYTHING);
    expect(plan.vouching).toMatchObject([{ reference: `${registry.host}/team/app:1.0` }]);
    expect(plan.vouching[0]?.found.map(({ role }) => role).toSorted()).toEqual([
      "referrer",
      "referrer",
      "referrer",
      "signature",
    ]);
    const report = await inspect({ path: at.output, trust: TRUST });
    const shown = report.artifacts.filter(({ kind }) => kind === "referrer");
    expect(shown.map(({ role, platforms }) => [role, platforms.length])).toContainEqual([
      "signature",
      0,
    ]);
    expect(report.findings).toEqual([]);
  });

  it("is found by the list that stands for the API where there is none, asked for once", async () => {
    const registry = await full();
    await fill(registry, makeList([note.root.descriptor]), `team/app:${referrersTag(digest)}`);
    registry.inject({ path: /\/referrers\// }, refuse(404, "UNSUPPORTED"));
    const { manifest } = await packImages(await desk(registry), ["team/app:1.0"]);
    expect(about(manifest)).toEqual(
      EVERYTHING.filter(
        ([name = ""]) => name.includes(".sig") || name.includes(note.root.descriptor.digest),
      ),
    );
    expect(registry.requests("GET", /referrers/)).toHaveLength(1);
  });

  it("is read page by page", async () => {
    const registry = await full();
    const address = `/v2/team/app/referrers/${digest}`;
    const other = makeReferrer(image.root.descriptor, "on the second page");
    await fill(registry, other, "team/app:other");
    const type = { "Content-Type": "application/vnd.oci.image.index.v1+json" };
    const link = { Link: `<https://elsewhere.example${address}?page=2>; rel="next"` };
    registry.inject({ path: /referrers\/.*page=2$/ }, answer(200, type, page(other)));
    registry.inject(
      { path: new RegExp(`${address}$`) },
      answer(200, { ...type, ...link }, page(note)),
    );
    const { manifest } = await packImages(await desk(registry), ["team/app:1.0"]);
    const found = about(manifest).map(([name]) => name);
    expect(found).toContain(`@${note.root.descriptor.digest}`);
    expect(found).toContain(`@${other.root.descriptor.digest}`);
  });

  it("is said to be unknown where the registry does not answer for it", async () => {
    const registry = await full();
    registry.inject({ path: /\/referrers\// }, refuse(403, "DENIED"));
    const { plan, manifest } = await packImages(await desk(registry), ["team/app:1.0"]);
    expect(about(manifest)).toEqual([[`:${cosignTag(digest, "sig")}`, digest]]);
    expect(plan.findings).toMatchObject([{ code: "REFERRERS_UNKNOWN", severity: "warning" }]);
    expect(plan.vouching[0]?.problems[0]).toContain("403");
  });

  it("stays behind, but for signatures, where the recipe says so", async () => {
    const registry = await full();
    const recipe = { referrers: "signatures" } as const;
    const { manifest } = await packImages(await desk(registry), ["team/app:1.0"], { recipe });
    expect(about(manifest)).toEqual([[`:${cosignTag(digest, "sig")}`, digest]]);
  });

  it("is not asked for where the recipe wants none", async () => {
    const registry = await full();
    const recipe = { referrers: "none" } as const;
    const { manifest } = await packImages(await desk(registry), ["team/app:1.0"], { recipe });
    expect(about(manifest)).toEqual([]);
    expect(registry.requests("GET", /referrers/)).toEqual([]);
  });

  it("is pinned by the lock, and what came later is not taken then", async () => {
    const registry = await full();
    const at = await desk(registry);
    const lockPath = join(at.directory, "lock.json");
    const first = await packImages(at, ["team/app:1.0"], { lockPath });
    const later = makeReferrer(image.root.descriptor, "later");
    await fill(registry, later, "team/app:later");
    await fill(
      registry,
      makeCosigned(image.root.descriptor, "anew"),
      `team/app:${cosignTag(digest, "sig")}`,
    );
    const lock = parseLock(await readInput(lockPath, "lock"), lockPath);
    const again = await packImages(at, ["team/app:1.0"], { lock, locked: true });
    expect(again.written?.bundleDigest).toBe(first.written?.bundleDigest);
    expect(registry.requests("GET", /referrers/)).toEqual([]);
    const none = packImages(at, ["team/app:1.0"], {
      lock,
      locked: true,
      recipe: { referrers: "none" },
    });
    await expect(none).rejects.toMatchObject({ code: "DRAY_LOCK_OUTDATED" });
  });

  it("is no referrer of what it does not name itself", async () => {
    const registry = await startRegistry();
    const other = oneLayerImage("other");
    await fill(registry, image, "team/app:1.0");
    await fill(registry, other, "team/app:other");
    await fill(registry, makeList([other.root.descriptor]), `team/app:${referrersTag(digest)}`);
    registry.inject({ path: /\/referrers\// }, refuse(404, "UNSUPPORTED"));
    const { manifest } = await packImages(await desk(registry), ["team/app:1.0"]);
    expect(about(manifest)).toEqual([]);
  });

  it("keeps the attestations of BuildKit with the platforms that are chosen", async () => {
    const attested: MadeImage = makeAttested("attested", ["amd64", "arm64", "s390x"]);
    const registry = await startRegistry();
    await fill(registry, attested, "team/app:1.0");
    const one = await packImages(await desk(registry), ["team/app:1.0"], {
      recipe: { platforms: [platform("arm64")] },
    });
    const [packed] = one.manifest?.artifacts.filter(({ kind }) => kind === "image") ?? [];
    expect(about(one.manifest).map(([, subject]) => subject)).toEqual([packed?.digest]);
    const at = await desk(registry);
    const two = await packImages(at, ["team/app:1.0"], {
      recipe: { platforms: [platform("arm64"), platform("amd64")] },
    });
    expect(about(two.manifest)).toEqual([]);
    const [index] = (await inspect({ path: at.output, trust: TRUST })).artifacts;
    expect(index?.platforms).toEqual(["linux/amd64", "linux/arm64"]);
    expect(index?.children).toHaveLength(4);
  });

  it("asks once about what two tags of one repository stand for", async () => {
    const registry = await startRegistry();
    const single = oneLayerImage("single");
    await fill(registry, single, "team/app:1.0");
    await fill(registry, single, "team/app:latest");
    await packImages(await desk(registry), ["team/app:1.0", "team/app:latest"]);
    expect(registry.requests("GET", /referrers/)).toHaveLength(1);
    expect(registry.requests("HEAD", /\.(?:sig|att|sbom)$/)).toHaveLength(3);
  });
});
