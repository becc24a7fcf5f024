import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeChart } from "../../fixtures/bundles.ts";
import { chartFileMap, type ChartTexts } from "../../fixtures/charts.ts";
import { makeDemoChart } from "../../fixtures/demo-chart.ts";
import { oneLayerImage, fill, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { chartLayers } from "../../src/chart/oci-chart.ts";
import { loadChartArchive } from "../../src/chart/load-chart.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { parseLock } from "../../src/intake/recipe/lock.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { collect } from "../../src/content/content.ts";
import { desk, packImages, pushBundle, TRUST, type Desk } from "./lab.ts";

const PROVENANCE = "-----BEGIN PGP SIGNED MESSAGE-----\nnot checked here\n";

/** The demo chart, with a provenance file beside it where one is wanted. */
async function chartFile({ signed }: { signed: boolean }): Promise<string> {
  const path = await makeDemoChart(await temporaryDirectory());
  if (signed) await writeFile(`${path}.prov`, PROVENANCE);
  return path;
}

function packChart(at: Desk, chart: string): ReturnType<typeof packImages> {
  return packImages(at, [], { recipe: { charts: [parseChart(chart)] } });
}

async function chartAt(registry: TestRegistry, name: string): Promise<Map<string, Buffer>> {
  const repository = repositoryOf(registry, { name });
  const found = await repository.resolve("1.0.0");
  const raw = await collect(repository.fetch(found));
  const manifest = parseManifest(raw, { mediaType: found.mediaType, what: "chart" });
  if (manifest.kind !== "manifest") throw new Error("expected a manifest");
  const contents = new Map([["manifest", raw]]);
  for (const layer of [manifest.config, ...manifest.layers]) {
    contents.set(layer.mediaType, await collect(repository.fetch(layer)));
  }
  expect(chartLayers(manifest).chart).toBeDefined();
  return contents;
}

/** A registry with the demo chart, as `helm push` would have left it. */
async function startWithChart(): Promise<{ registry: TestRegistry; tgz: Buffer }> {
  const registry = await startRegistry();
  const at = await desk(registry);
  const path = await chartFile({ signed: true });
  await packChart(at, path);
  await pushBundle(at.output, `${registry.host}/charts`);
  registry.forget();
  return { registry, tgz: await readFile(path) };
}

describe("a chart from a file", () => {
  it("travels as the very same file and as an OCI artifact, with its provenance", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const path = await chartFile({ signed: true });
    const { manifest, plan } = await packChart(at, path);
    expect(plan).toMatchObject({ download: 0 });
    expect(manifest?.artifacts).toMatchObject([
      {
        kind: "chart",
        name: "shop",
        version: "1.0.0",
        reference: "charts/shop:1.0.0",
        file: "charts/shop-1.0.0.tgz",
      },
    ]);
    const directory = join(await temporaryDirectory(), "unpacked");
    const workDirectory = await temporaryDirectory();
    await unpack({ path: at.output, trust: TRUST, directory }, { workDirectory });
    const tgz = await readFile(path);
    expect((await readFile(join(directory, "charts/shop-1.0.0.tgz"))).equals(tgz)).toBe(true);
    expect(await readFile(join(directory, "charts/shop-1.0.0.tgz.prov"), "utf8")).toBe(PROVENANCE);
  });

  it("is pushed where Helm looks for it, layers by their types", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const path = await chartFile({ signed: true });
    await packChart(at, path);
    const report = await pushBundle(at.output, `${registry.host}/mirror`);
    expect(report.artifacts).toMatchObject([
      { kind: "chart", target: `${registry.host}/mirror/shop:1.0.0`, result: "pushed" },
    ]);
    const contents = await chartAt(registry, "mirror/shop");
    expect(contents.get(MediaType.helmChart)?.equals(await readFile(path))).toBe(true);
    expect(contents.get(MediaType.helmProvenance)?.toString()).toBe(PROVENANCE);
    expect(JSON.parse(contents.get(MediaType.helmConfig)?.toString() ?? "")).toMatchObject({
      name: "shop",
      version: "1.0.0",
    });
  });

  it("gets the same digest whatever the file is called and whenever it was copied", async () => {
    const registry = await startRegistry();
    const path = await chartFile({ signed: false });
    const other = join(await temporaryDirectory(), "renamed.tgz");
    await copyFile(path, other);
    const first = await packChart(await desk(registry), path);
    const second = await packChart(await desk(registry), other);
    expect(second.written?.bundleDigest).toBe(first.written?.bundleDigest);
  });

  it("whose stored blob was damaged since is stored anew", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const path = await chartFile({ signed: false });
    const first = await packChart(at, path);
    const tgz = await readFile(path);
    const stored = new ImageLayout(at.store).blobFile(digestOf(tgz));
    await writeFile(stored, Buffer.alloc(tgz.length));
    const second = await packChart(at, path);
    expect(second.written?.bundleDigest).toBe(first.written?.bundleDigest);
    expect((await readFile(stored)).equals(tgz)).toBe(true);
  });

  it("that is not there, or no chart, is refused by name", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const directory = await temporaryDirectory();
    const text = join(directory, "text.tgz");
    await writeFile(text, "not a chart");
    await expect(packChart(at, join(directory, "missing.tgz"))).rejects.toMatchObject({
      code: "DRAY_FILE_NOT_FOUND",
      kind: "usage",
    });
    await expect(packChart(at, text)).rejects.toMatchObject({
      message: expect.stringContaining("text.tgz") as string,
    });
  });
});

/** An unpacked chart. */
async function chartDirectory(texts: ChartTexts): Promise<string> {
  const root = join(await temporaryDirectory(), "working-copy");
  for (const [path, bytes] of chartFileMap(texts)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return root;
}

/** A registry with these versions of a chart. */
async function startWithVersions(versions: readonly string[]): Promise<TestRegistry> {
  const registry = await startRegistry();
  for (const version of versions) await addVersion(registry, version);
  return registry;
}

async function addVersion(registry: TestRegistry, version: string): Promise<void> {
  const path = join(await temporaryDirectory(), "web.tgz");
  await writeFile(path, makeChart("web", version));
  const at = await desk(registry);
  await packChart(at, path);
  await pushBundle(at.output, `${registry.host}/charts`);
}

describe("a chart from a directory", () => {
  it("is packed the same wherever it lies, without what .helmignore leaves out", async () => {
    const registry = await startRegistry();
    const texts = {
      "values.yaml": "a: 1\n",
      "templates/app.yaml": "kind: ConfigMap\n",
      ".helmignore": "*.bak\nci/\n",
      "old.bak": "x",
      "ci/test.yaml": "x",
    };
    const at = await desk(registry);
    const first = await packChart(at, await chartDirectory(texts));
    const { "old.bak": _left, "ci/test.yaml": _out, ...rest } = texts;
    const second = await packChart(await desk(registry), await chartDirectory(rest));
    expect(first.plan.contents).toMatchObject([{ kind: "chart", reference: "charts/demo:1.0.0" }]);
    expect(second.written?.bundleDigest).toBe(first.written?.bundleDigest);
    const directory = join(await temporaryDirectory(), "unpacked");
    const workDirectory = await temporaryDirectory();
    await unpack({ path: at.output, trust: TRUST, directory }, { workDirectory });
    const tgz = await readFile(join(directory, "charts/demo-1.0.0.tgz"));
    const chart = await loadChartArchive(tgz, "demo-1.0.0.tgz");
    expect([...chart.files.keys()].toSorted()).toEqual([
      ".helmignore",
      "Chart.yaml",
      "templates/app.yaml",
      "values.yaml",
    ]);
  });

  it("that is named twice is refused", async () => {
    const at = await desk(await startRegistry());
    const charts = [parseChart(await chartDirectory({})), parseChart(await chartDirectory({}))];
    await expect(packImages(at, [], { recipe: { charts } })).rejects.toMatchObject({
      code: "DRAY_RECIPE_AMBIGUOUS",
    });
  });
});

describe("a chart from a registry, by a range", () => {
  const VERSIONS = ["1.2.0", "1.10.0+build.7", "2.0.0-rc.1", "1.9.0"];

  it.each([
    ["", "1.10.0_build.7"],
    [":~1.9", "1.9.0"],
    [":>=1, <1.9", "1.2.0"],
    [":1.x", "1.10.0_build.7"],
    [":>0.0.0-0", "2.0.0-rc.1"],
    [":1.10.0+build.7", "1.10.0_build.7"],
  ])("web%s is %s", async (range, tag) => {
    const registry = await startWithVersions(VERSIONS);
    const at = await desk(registry);
    const charts = [parseChart(`oci://${registry.host}/charts/web${range}`)];
    const recipe = { charts, name: undefined, version: undefined };
    const { plan } = await packImages(at, [], { recipe });
    expect(plan.contents).toMatchObject([{ reference: `${registry.host}/charts/web:${tag}` }]);
    expect(plan).toMatchObject({ name: "web", version: tag.replace("_", "+") });
  });

  it("that nothing fits says what there is", async () => {
    const registry = await startWithVersions(["1.0.0"]);
    const at = await desk(registry);
    await expect(packChart(at, `oci://${registry.host}/charts/web:^2`)).rejects.toMatchObject({
      code: "DRAY_CHART_VERSION_MISSING",
      message: expect.stringContaining("1 version, the newest of them 1.0.0") as string,
    });
  });

  it("stays at the version in the lock, and says when there is a newer one", async () => {
    const registry = await startWithVersions(["1.0.0"]);
    const at = await desk(registry);
    const charts = [parseChart(`oci://${registry.host}/charts/web:^1`)];
    const lockPath = join(at.directory, "bundle.lock.json");
    const first = await packImages(at, [], { lockPath, recipe: { charts } });
    await addVersion(registry, "1.1.0");
    const lock = parseLock(await readFile(lockPath), lockPath);
    const locked = await packImages(at, [], { lock, locked: true, recipe: { charts } });
    expect(locked.written?.bundleDigest).toBe(first.written?.bundleDigest);
    const { plan } = await packImages(at, [], { lock, recipe: { charts } });
    expect(plan.moved).toMatchObject([
      {
        reference: `oci://${registry.host}/charts/web:^1`,
        was: expect.stringMatching(/^1\.0\.0 sha256:/) as string,
        is: expect.stringMatching(/^1\.1\.0 sha256:/) as string,
      },
    ]);
  });
});

describe("a chart from a registry", () => {
  it("keeps its digest through a bundle into another registry", async () => {
    const { registry, tgz } = await startWithChart();
    const target = await startRegistry();
    const at = await desk(registry);
    const { manifest } = await packChart(at, `oci://${registry.host}/charts/shop:1.0.0`);
    expect(manifest?.artifacts).toMatchObject([
      { kind: "chart", name: "shop", version: "1.0.0", file: "charts/shop-1.0.0.tgz" },
    ]);
    await pushBundle(at.output, `${target.host}/mirror`);
    const before = await chartAt(registry, "charts/shop");
    const after = await chartAt(target, "mirror/shop");
    expect(after.get("manifest")?.equals(before.get("manifest") ?? tgz)).toBe(true);
    expect(after.get(MediaType.helmChart)?.equals(tgz)).toBe(true);
    expect(after.get(MediaType.helmProvenance)?.toString()).toBe(PROVENANCE);
  });

  it("is downloaded once, and not at all the second time", async () => {
    const { registry } = await startWithChart();
    const at = await desk(registry);
    const reference = `oci://${registry.host}/charts/shop:1.0.0`;
    await packChart(at, reference);
    const first = registry.requests("GET", /\/blobs\//).map(({ path }) => path);
    expect(first.length).toBe(new Set(first).size);
    registry.forget();
    await packChart(at, reference);
    expect(registry.requests("GET", /\/blobs\//)).toEqual([]);
  });

  it("whose stored blob was damaged since is fetched again", async () => {
    const { registry, tgz } = await startWithChart();
    const at = await desk(registry);
    const reference = `oci://${registry.host}/charts/shop:1.0.0`;
    const first = await packChart(at, reference);
    const stored = new ImageLayout(at.store).blobFile(digestOf(tgz));
    await writeFile(stored, Buffer.alloc(tgz.length));
    const second = await packChart(at, reference);
    expect(second.written?.bundleDigest).toBe(first.written?.bundleDigest);
    expect((await readFile(stored)).equals(tgz)).toBe(true);
  });

  it("that is an image is refused", async () => {
    const registry = await startRegistry();
    await fill(registry, oneLayerImage("image"));
    const at = await desk(registry);
    await expect(packChart(at, `oci://${registry.host}/team/app:1.0`)).rejects.toMatchObject({
      code: "DRAY_CHART_INVALID",
      hint: "Images and other artifacts go under images.",
    });
  });
});
