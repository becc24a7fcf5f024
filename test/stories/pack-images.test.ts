import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartYaml, packedChart, subchart } from "../../fixtures/charts.ts";
import { makeMultiArch } from "../../fixtures/images.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { DrayEvent } from "../../src/events.ts";
import type { PackResult } from "../../src/stories/pack.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import type { ChartRequest } from "../../src/intake/recipe/chart-request.ts";
import type { ImageMode } from "../../src/intake/recipe/chart-request.ts";
import { parseLock, type Lock } from "../../src/intake/recipe/lock.ts";
import type { LockedSearch } from "../../src/intake/recipe/locked-search.ts";
import { parseImage, parseRecipe } from "../../src/intake/recipe/recipe.ts";
import { fill, oneLayerImage, repositoryOf, startRegistry } from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { desk, packImages, type PackChanges } from "./lab.ts";

const pod = (name: string, image: string, more = ""): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${more}spec:\n  containers:\n  - name: main\n    image: ${image}\n`;

/** A chart with an image that is needed, one for a hook, one that is off and one in a ConfigMap. */
function shop(more: Readonly<Record<string, string>> = {}): Buffer {
  const texts = {
    "Chart.yaml": chartYaml(
      "shop",
      'dependencies:\n- {name: cache, version: "1.x", condition: cache.enabled}\n',
    ),
    "values.yaml": 'tag: "1"\ncache: {enabled: false}\nglobal: {registry: none.example}\n',
    "templates/web.yaml": pod("web", "{{ .Values.global.registry }}/shop/web:{{ .Values.tag }}"),
    "templates/job.yaml": pod(
      "job",
      "{{ .Values.global.registry }}/shop/job:1",
      '  annotations: {"helm.sh/hook": pre-install}\n',
    ),
    ...subchart("cache", {
      "templates/cache.yaml": pod("cache", "{{ .Values.global.registry }}/shop/cache:1"),
    }),
    ...more,
  };
  return packedChart(texts, { name: "shop" });
}

interface ShopOptions {
  readonly tgz?: Buffer;
  readonly images?: ImageMode;
  readonly set?: readonly string[];
}

/** A request for that chart, whose images are at `registry`. */
async function request(
  { host }: TestRegistry,
  { tgz = shop(), images, set = [] }: ShopOptions = {},
): Promise<ChartRequest> {
  const path = join(await temporaryDirectory(), "shop-1.0.0.tgz");
  await writeFile(path, tgz);
  const valueSets = [{ set: [`global.registry=${host}`, ...set] }];
  return { kind: "file", path, images: images ?? "needed", valueSets };
}

async function startShop(): Promise<TestRegistry> {
  const registry = await startRegistry();
  for (const name of ["web:1", "web:2", "job:1", "cache:1", "extra:1"]) {
    await fill(registry, oneLayerImage(name), `shop/${name}`);
  }
  return registry;
}

async function packShop(
  registry: TestRegistry,
  options: ShopOptions & { listed?: readonly string[]; changes?: PackChanges } = {},
): Promise<PackResult> {
  const { listed = [], changes = {}, ...chart } = options;
  const recipe = { charts: [await request(registry, chart)], ...changes.recipe };
  return packImages(await desk(registry), listed, { ...changes, recipe });
}

/** A shop, and the lock that packing it has written. */
async function lockedShop(): Promise<{ registry: TestRegistry; lock: Lock }> {
  const registry = await startShop();
  const lockPath = join(await temporaryDirectory(), "lock.json");
  await packShop(registry, { changes: { lockPath } });
  return { registry, lock: parseLock(await readFile(lockPath), lockPath) };
}

function changeSearch(lock: Lock, change: (search: LockedSearch) => LockedSearch): Lock {
  const searches = [...lock.searches].map(([path, search]) => [path, change(search)] as const);
  return { ...lock, searches: new Map(searches) };
}

/** Names of the images in the bundle, without their registry. */
function packed({ manifest }: PackResult): string[] {
  const images = manifest?.artifacts.filter(({ kind }) => kind === "image") ?? [];
  return images.map(({ reference }) => reference.replace(/^[^/]+\//, ""));
}

describe("pack with a chart", () => {
  it("packs what the chart needs and its hooks, and names what it leaves out", async () => {
    const registry = await startShop();
    const result = await packShop(registry);
    expect(packed(result)).toEqual(["shop/job:1", "shop/web:1"]);
    expect(result.plan.charts).toMatchObject([
      {
        name: "shop",
        version: "1.0.0",
        images: "needed",
        complete: true,
        left: [{ class: "optional", optionalBy: [["cache.enabled=true"]] }],
      },
    ]);
  });

  it("discover packs what other values would pull too, none packs nothing of it", async () => {
    const registry = await startShop();
    const all = await packShop(registry, { images: "discover" });
    expect(packed(all)).toEqual(["shop/cache:1", "shop/job:1", "shop/web:1"]);
    const none = await packShop(registry, { images: "none", listed: ["shop/extra:1"] });
    expect(packed(none)).toEqual(["shop/extra:1"]);
    expect(none.plan.charts[0]?.left.map((one) => one.class)).toEqual([
      "needed",
      "hook",
      "optional",
    ]);
  });

  it("joins several sets of values", async () => {
    const registry = await startShop();
    const chart = await request(registry);
    const [first = {}] = chart.valueSets ?? [];
    const second = { set: [...(first.set ?? []), "tag=2"] };
    const charts = [{ ...chart, valueSets: [first, second] }];
    const result = await packImages(await desk(registry), [], { recipe: { charts } });
    expect(packed(result)).toEqual(["shop/job:1", "shop/web:1", "shop/web:2"]);
  });

  it("joins what is listed, and shows how list and chart differ", async () => {
    const registry = await startShop();
    const result = await packShop(registry, { listed: ["shop/web:1", "shop/extra:1"] });
    expect(packed(result)).toEqual(["shop/extra:1", "shop/job:1", "shop/web:1"]);
    expect(result.plan.added.map(({ image }) => image)).toEqual([`${registry.host}/shop/job:1`]);
    expect(result.plan.extra).toEqual([`${registry.host}/shop/extra:1`]);
  });

  it("takes a listed image as it is listed", async () => {
    const registry = await startShop();
    const image = oneLayerImage("web:1");
    const pinned = `shop/web:1@${image.root.descriptor.digest}`;
    const result = await packShop(registry, { listed: [pinned] });
    expect(packed(result)).toEqual(["shop/job:1", pinned]);
  });

  it("keeps every platform of what a chart has pinned", async () => {
    const registry = await startRegistry();
    const image = makeMultiArch("pinned", { size: 1000 });
    await fill(registry, image, "shop/web:1");
    await fill(registry, image, "shop/job:1");
    const set = [`tag=1@${image.root.descriptor.digest}`];
    const changes = { recipe: { platforms: [parsePlatform("linux/amd64")] } };
    const { manifest } = await packShop(registry, { set, changes });
    const images = manifest?.artifacts.filter(({ kind }) => kind === "image") ?? [];
    expect(images.map(({ platforms }) => platforms)).toEqual([
      ["linux/amd64"],
      ["linux/amd64", "linux/arm64"],
    ]);
  });

  it("follows the version of the cluster that the recipe names", async () => {
    const registry = await startShop();
    const image = "{{ .Values.global.registry }}/shop/web:{{ .Capabilities.KubeVersion.Minor }}";
    await fill(registry, oneLayerImage("minor"), "shop/web:33");
    const tgz = shop({ "templates/web.yaml": pod("web", image) });
    const result = await packShop(registry, { tgz, changes: { recipe: { kubeVersion: "1.33" } } });
    expect(packed(result)).toEqual(["shop/job:1", "shop/web:33"]);
    expect(result.plan.charts).toMatchObject([{ complete: true }]);
  });

  it("locks what it found, and packs the same again as locked", async () => {
    const registry = await startShop();
    const lockPath = join(await temporaryDirectory(), "lock.json");
    const first = await packShop(registry, { changes: { lockPath } });
    const lock = parseLock(await readFile(lockPath), lockPath);
    await fill(registry, oneLayerImage("moved"), "shop/web:1");
    const again = await packShop(registry, { changes: { lock, locked: true } });
    expect(again.written?.bundleDigest).toBe(first.written?.bundleDigest);
    expect(again.plan.charts[0]?.left).toHaveLength(first.plan.charts[0]?.left.length ?? -1);
  });

  it("packs as locked what the lock lists, and does not look again", async () => {
    const { registry, lock } = await lockedShop();
    await fill(registry, oneLayerImage("more"), "shop/more:1");
    const longer = changeSearch(lock, (search) => ({
      ...search,
      images: [
        ...search.images,
        { reference: parseImage(`${registry.host}/shop/more:1`), class: "needed" },
      ],
    }));
    const entries = new Map(longer.entries);
    const more = await repositoryOf(registry, { name: "shop/more" }).resolve("1");
    entries.set(`${registry.host}/shop/more:1`, more);
    const changes = { lock: { ...longer, entries }, locked: true };
    expect(packed(await packShop(registry, { changes }))).toEqual([
      "shop/job:1",
      "shop/more:1",
      "shop/web:1",
    ]);
  });

  it.each<[string, ShopOptions & { changes?: PackChanges }]>([
    ["another chart", { tgz: shop({ "templates/more.yaml": pod("more", "x/y:1") }) }],
    ["other values", { set: ["tag=2"] }],
    ["another cluster", { changes: { recipe: { kubeVersion: "1.30" } } }],
    ["fewer images of it", { images: "none" }],
  ])("is refused as locked with %s than the lock has", async (_what, other) => {
    const { registry, lock } = await lockedShop();
    const changes = { ...other.changes, lock, locked: true };
    const error = await refusal(() => packShop(registry, { ...other, changes }));
    expect([error.code, error.kind]).toEqual(["DRAY_LOCK_OUTDATED", "usage"]);
  });

  it("is refused as locked where the lock does not say what was found in the chart", async () => {
    const { registry, lock } = await lockedShop();
    const changes = { lock: { ...lock, searches: new Map() }, locked: true };
    const error = await refusal(() => packShop(registry, { changes }));
    expect(error.code).toBe("DRAY_LOCK_MISSING");
  });

  it("remembers in the lock that a needed image may have been missed", async () => {
    const { registry, lock } = await lockedShop();
    const unsure = changeSearch(lock, (search) => ({
      ...search,
      unknowns: [{ code: "VALUES_REFUSED", needed: true, message: "give a name" }],
    }));
    const { plan } = await packShop(registry, { changes: { lock: unsure, locked: true } });
    expect(plan.charts).toMatchObject([{ complete: false }]);
  });

  it("says in a dry run what it would do", async () => {
    const registry = await startShop();
    const { plan, written } = await packShop(registry, { changes: { dryRun: true } });
    expect(written).toBeUndefined();
    expect(plan.contents.map(({ kind }) => kind)).toEqual(["image", "image", "chart"]);
    expect(plan.charts[0]?.left).toHaveLength(1);
  });

  it("says who wants an image that is not there", async () => {
    const registry = await startShop();
    const error = await refusal(() => packShop(registry, { set: ["tag=9"] }));
    expect(error.code).toBe("DRAY_PACK_UNRESOLVED");
    expect(error.message).toContain("shop/web:9 (wanted by shop 1.0.0, Pod/web, container main)");
  });
});

describe("pack with a chart that cannot be read through", () => {
  const odd = { "templates/odd.yaml": pod("odd", '{{ required "an odd image" .Values.odd }}') };

  it("warns, or fails with strictImages", async () => {
    const registry = await startShop();
    const events: DrayEvent[] = [];
    const changes = { onEvent: (event: DrayEvent) => void events.push(event) };
    const { plan } = await packShop(registry, { tgz: shop(odd), changes });
    expect(plan.charts).toMatchObject([{ complete: false }]);
    expect(plan.charts[0]?.findings[0]).toMatchObject({ severity: "warning" });
    expect(events).toContainEqual({
      type: "warning",
      message: "needed images of shop 1.0.0 may have been missed",
    });
    const strict = { tgz: shop(odd), changes: { strictImages: true } };
    const error = await refusal(() => packShop(registry, strict));
    expect(error).toMatchObject({ code: "DRAY_IMAGES_INCOMPLETE", kind: "refused" });
    expect(error.message).toContain("an odd image");
  });

  it("fails if no image is found in one that runs containers, unless none is wanted", async () => {
    const registry = await startShop();
    const tgz = packedChart(odd, { name: "odd" });
    const error = await refusal(() => packShop(registry, { tgz }));
    expect(error.code).toBe("DRAY_IMAGES_NOT_FOUND");
    expect(error.message).toContain("an odd image");
    expect(packed(await packShop(registry, { tgz, images: "none" }))).toEqual([]);
    const empty = packedChart({ "templates/a.yaml": "kind: ConfigMap\n" }, { name: "odd" });
    expect(packed(await packShop(registry, { tgz: empty }))).toEqual([]);
  });
});

describe("bundle.yaml", () => {
  it("says for each chart which images are wanted, with which values", () => {
    const text = `
charts:
- ./plain.tgz
- {chart: ./a.tgz, images: discover, values: [base.yaml, /etc/prod.yaml]}
- {chart: ./b.tgz, images: none, values: [[a.yaml], [a.yaml, b.yaml]]}
`;
    const { charts } = parseRecipe(Buffer.from(text), "/srv/bundle.yaml");
    expect(charts).toMatchObject([
      { path: "/srv/plain.tgz" },
      { images: "discover", valueSets: [{ files: ["/srv/base.yaml", "/etc/prod.yaml"] }] },
      {
        images: "none",
        valueSets: [{ files: ["/srv/a.yaml"] }, { files: ["/srv/a.yaml", "/srv/b.yaml"] }],
      },
    ]);
    const wrong = Buffer.from("charts: [{chart: ./a.tgz, images: some}]");
    expect(() => parseRecipe(wrong, "bundle.yaml")).toThrow(
      expect.objectContaining({ code: "DRAY_RECIPE_INVALID" }),
    );
  });
});
