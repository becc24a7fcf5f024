import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  makeBundle,
  makeChart,
  newKey,
  SIGNER,
  type BundleRecipe,
} from "../../fixtures/bundles.ts";
import { layoutMembers, named, tarFile } from "../../fixtures/foreign.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import { makeAttested } from "../../fixtures/referrers.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parseImage, type Recipe } from "../../src/intake/recipe/recipe.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { pack, type PackOptions, type PackResult } from "../../src/stories/pack.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { verify, type VerifyReport } from "../../src/stories/verify.ts";
import type { TrustPolicy } from "../../src/trust/policy.ts";
import { dray } from "../cli/terminal.ts";
import { refusal } from "../refusal.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { filesBelow, recipeOf } from "../stories/lab.ts";

const OTHER = newKey("other.key");
const APP = "registry.example/team/app:1.0";
const app = makeMultiArch("app", { size: 3000 });

const first: BundleRecipe = {
  name: "first",
  version: "1.1",
  images: { [APP]: app },
  charts: [{ tgz: makeChart("web", "1.2.3"), provenance: "-----BEGIN PGP SIGNED MESSAGE-----\n" }],
  files: { "notes/read-me.txt": "Hello\n" },
};

const anybody = async (): Promise<TrustPolicy> => ({ allowUnsigned: true });
const other = async (): Promise<TrustPolicy> => ({ keys: [OTHER.publicKey] });

interface Packed extends PackResult {
  readonly path: string;
}

async function packFrom(
  recipe: Partial<Recipe>,
  options: Partial<PackOptions> = {},
): Promise<Packed> {
  const directory = await temporaryDirectory();
  const path = join(directory, "bundle.tar.gz");
  const result = await pack(
    {
      recipe: recipeOf(recipe),
      store: join(directory, "store"),
      output: path,
      signingKey: OTHER,
      trust: async () => ({ keys: [SIGNER.publicKey] }),
      ...options,
    },
    { workDirectory: directory },
  );
  return { ...result, path };
}

async function verified(path: string): Promise<VerifyReport> {
  const workDirectory = await temporaryDirectory();
  const report = await verify({ path, trust: { keys: [OTHER.publicKey] } }, { workDirectory });
  expect(report.findings).toEqual([]);
  return report;
}

/** What lies in a bundle by path, without what says which bundle it is. */
async function contentsOf(path: string): Promise<Map<string, Buffer>> {
  const directory = join(await temporaryDirectory(), "unpacked");
  const trust = { allowUnsigned: true };
  await unpack({ path, directory, trust }, { workDirectory: await temporaryDirectory() });
  const contents = new Map<string, Buffer>();
  for (const name of await filesBelow(directory)) {
    if (/^(?:SHA256SUMS|README|bundle\.json)/.test(name)) continue;
    contents.set(name, await readFile(join(directory, name)));
  }
  return contents;
}

describe("pack --from a bundle of dray", () => {
  it("keeps every image, chart, provenance and file what it was, byte for byte", async () => {
    const before = await makeBundle(first);
    const { path, manifest } = await packFrom({ from: [before.path], name: undefined });
    await verified(path);
    expect(manifest?.artifacts).toEqual(before.parts.document.artifacts);
    expect(manifest?.files).toEqual(before.parts.document.files);
    expect(await contentsOf(path)).toEqual(await contentsOf(before.path));
    expect((await contentsOf(path)).has("charts/web-1.2.3.tgz.prov")).toBe(true);
  });

  it("is called as that one, if nothing else goes in and nobody calls it otherwise", async () => {
    const { path } = await makeBundle(first);
    const recipe = { from: [path], name: undefined, version: undefined };
    expect((await packFrom(recipe)).plan).toMatchObject({ name: "first", version: "1.1" });
    const both = { ...recipe, from: [path, (await makeBundle({ files: { a: "b" } })).path] };
    expect((await packFrom(both)).plan).toMatchObject({ name: "bundle" });
  });

  it("joins it with other bundles, archives of others, and images of registries", async () => {
    const one = await makeBundle(first);
    const { images: _images, ...rest } = first;
    const two = await makeBundle({ ...rest, charts: [{ tgz: makeChart("db", "2.0.0") }] });
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("new"), "team/new:1");
    const foreign = await tarFile(layoutMembers([named(app, "registry.example/b:2")]));
    const { path } = await packFrom({
      from: [one.path, two.path, foreign],
      images: [{ reference: parseImage(`${registry.host}/team/new:1`) }],
    });
    const { manifest } = await verified(path);
    expect(manifest?.artifacts.map(({ reference }) => reference)).toEqual(
      [
        `${registry.host}/team/new:1`,
        "charts/db:2.0.0",
        "charts/web:1.2.3",
        "registry.example/b:2",
        APP,
      ].toSorted(),
    );
    expect(manifest?.files).toHaveLength(1);
  });

  it("asks no registry for an image that a bundle brings along", async () => {
    const registry = await startRegistry();
    const name = `${registry.host}/team/app:1.0`;
    await fill(registry, app, "team/app:1.0");
    const { path } = await makeBundle({ images: { [name]: app } });
    const chart = makeChart("needs", "1.0.0", "");
    const file = join(await temporaryDirectory(), "needs.tgz");
    await writeFile(file, chart);
    await packFrom({ from: [path], charts: [{ kind: "file", path: file }] });
    expect(registry.seen).toEqual([]);
  });

  it("refuses a reference that means two digests, and a file that has two contents", async () => {
    const one = await makeBundle(first);
    const { digest } = app.root.descriptor;
    const moved = await makeBundle({ images: { [APP]: makeMultiArch("moved") } });
    const error = await refusal(() => packFrom({ from: [one.path, moved.path] }));
    expect(error).toMatchObject({ code: "DRAY_RECIPE_AMBIGUOUS", kind: "usage" });
    expect(error.message).toContain(
      `${APP}: it is ${digest} in bundle ${JSON.stringify(one.path)}`,
    );
    expect(error.message).toContain(JSON.stringify(moved.path));
    const notes = await makeBundle({ files: { "notes/read-me.txt": "Goodbye\n" } });
    const twice = await refusal(() => packFrom({ from: [one.path, notes.path] }));
    expect(twice.message).toContain("files/notes/read-me.txt: two files of this name");
    const same = await packFrom({ from: [one.path, one.path] });
    expect(same.plan.contents).toHaveLength(3);
    expect(same.manifest?.artifacts).toEqual(one.parts.document.artifacts);
  });

  it("needs a signature that is trusted, as verify does", async () => {
    const unsigned = await makeBundle(first, { key: "none" });
    const error = await refusal(() => packFrom({ from: [unsigned.path] }));
    expect(error).toMatchObject({ code: "DRAY_BUNDLE_REFUSED", kind: "refused" });
    const foreign = await makeBundle(first, { key: OTHER });
    expect((await refusal(() => packFrom({ from: [foreign.path] }))).code).toBe(
      "DRAY_BUNDLE_REFUSED",
    );
    expect(
      (await refusal(() => packFrom({ from: [foreign.path] }, { trust: undefined }))).code,
    ).toBe("DRAY_BUNDLE_REFUSED");
    expect((await packFrom({ from: [unsigned.path] }, { trust: anybody })).written).toBeDefined();
  });

  it("takes nothing of one that is damaged anywhere", async () => {
    const { path } = await makeBundle(first);
    const bytes = await readFile(path);
    for (const at of [600, 5000, bytes.length - 12_000]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const damaged = join(await temporaryDirectory(), "damaged.tar.gz");
      await writeFile(damaged, flipped);
      const directory = await temporaryDirectory();
      const output = join(directory, "out.tar.gz");
      const error = await refusal(() => packFrom({ from: [damaged] }, { output }));
      expect(error.kind).toBe("refused");
      expect(await filesBelow(directory)).toEqual([]);
    }
  });

  it("takes of its images the platforms that are asked for", async () => {
    const { path } = await makeBundle(first);
    const one = await packFrom({ from: [path], platforms: [parsePlatform("linux/arm64")] });
    const { manifest } = await verified(one.path);
    const image = manifest?.artifacts.find(({ kind }) => kind === "image");
    expect(image).toMatchObject({ reference: APP, platforms: ["linux/arm64"] });
    const missing = { from: [path], platforms: [parsePlatform("linux/s390x")] };
    expect((await refusal(() => packFrom(missing))).code).toBe("DRAY_PLATFORM_MISSING");
  });

  it("takes what an index said of the one platform that is asked for", async () => {
    const { path } = await makeBundle({
      ...first,
      images: { [APP]: makeAttested("own", ["amd64", "arm64"]) },
    });
    const one = await packFrom({ from: [path], platforms: [parsePlatform("linux/arm64")] });
    const { manifest } = await verified(one.path);
    const image = manifest?.artifacts.find(({ kind }) => kind === "image");
    const referrers = manifest?.artifacts.filter(({ kind }) => kind === "referrer");
    expect(referrers).toEqual([expect.objectContaining({ subject: image?.digest })]);
  });

  it("says again what was left out on purpose, unless it is packed now", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("kept"), "team/kept:1");
    const lost = `${registry.host}/team/lost:1`;
    const images = [`${registry.host}/team/kept:1`, lost].map((name) => ({
      reference: parseImage(name),
    }));
    const skip = [{ image: lost, reason: "not ours" }];
    const { path } = await packFrom({ images, skip });
    const again = await packFrom({ from: [path] }, { trust: other });
    expect(again.manifest?.skipped).toMatchObject([{ image: lost, reason: "not ours" }]);
    await fill(registry, oneLayerImage("lost"), "team/lost:1");
    const whole = await packFrom(
      { from: [path], images: [{ reference: parseImage(lost) }] },
      { trust: other },
    );
    expect(whole.manifest?.skipped).toBeUndefined();
  });

  it("on the command line trusts --key, or nobody: 3", async () => {
    const { path } = await makeBundle(first);
    const directory = await temporaryDirectory();
    const key = join(directory, "signer.pub");
    await writeFile(key, SIGNER.publicKey.key.export({ type: "spki", format: "pem" }));
    const argv = ["pack", "--from", path, "--unsigned", "-o", join(directory, "b.tar.gz")];
    const env = { DRAY_STORE: join(directory, "store") };
    expect(await dray(argv, { env })).toMatchObject({ code: 3 });
    expect(await dray([...argv, "--key", key], { env })).toMatchObject({ code: 0 });
  });
});
