import { describe, expect, it } from "vitest";
import { makeBundle, makeChart } from "../../fixtures/bundles.ts";
import { directoryOf, layoutMembers, named } from "../../fixtures/foreign.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import { authored } from "../../src/content/memory.ts";
import { parseMapRules, type Mapping } from "../../src/delivery/mapping.ts";
import { nameAt } from "../../src/delivery/names.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { check, TRUST } from "../bundle/checking.ts";
import { fill, oneLayerImage, startRegistry } from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { desk, filesBelow, packImages, pushBundle } from "./lab.ts";

const AT = { registry: "internal:5000", prefix: "mirror" };

interface NamedChart {
  readonly of: string;
  readonly mapping?: Mapping;
  readonly at: string;
}

const WORKSPACE = "charts/Workspace:1.0.0";
const SHOP = "ghcr.io/acme/charts/shop:1.0.0";
const KEEP_HOST: Mapping = { mode: "keep-host" };
const FLATTEN: Mapping = { mode: "flatten" };

describe("the name of a chart at a target", () => {
  it.each<NamedChart>([
    { of: "charts/web:1.0.0", at: "web" },
    { of: WORKSPACE, at: "workspace" },
    { of: WORKSPACE, mapping: KEEP_HOST, at: "workspace" },
    { of: WORKSPACE, mapping: FLATTEN, at: "workspace" },
    { of: WORKSPACE, mapping: { rules: [{ from: "charts/Workspace", to: "t/ws" }] }, at: "t/ws" },
    { of: SHOP, at: "shop" },
    { of: SHOP, mapping: FLATTEN, at: "shop" },
    { of: SHOP, mapping: KEEP_HOST, at: "ghcr.io/acme/charts/shop" },
    { of: "a.b:443/x/shop:1.0.0", mapping: KEEP_HOST, at: "a.b_443/x/shop" },
    { of: SHOP, mapping: { rules: [{ from: "ghcr.io/acme", to: "v" }] }, at: "v/charts/shop" },
  ])("$of under $mapping is $at", ({ of: reference, mapping = {}, at }) => {
    const name = /([^/]+):[^:]*$/.exec(reference)?.[1];
    const chart = { kind: "chart", reference, name, version: "1.0.0", digest: "sha256:0" } as const;
    const { target } = nameAt(chart, { target: AT, mapping });
    expect(target).toBe(`internal:5000/mirror/${at}:1.0.0`);
  });
});

describe("a chart with capitals in its name", () => {
  it("is foreseen by verify, pushed in lower case, and both say so", async () => {
    const { path } = await makeBundle({
      images: { "registry.example/team/app:1.0": oneLayerImage("app") },
      charts: [{ tgz: makeChart("Workspace", "1.0.0") }],
    });
    const foreseen = { code: "CHART_NAME_LOWERED", severity: "warning" };
    expect(await check(path)).toMatchObject({ good: true, findings: [foreseen] });
    const target = await startRegistry();
    const report = await pushBundle(path, target.host, { trust: TRUST });
    expect(report.artifacts.map((one) => one.target)).toContain(`${target.host}/workspace:1.0.0`);
    expect(report.findings).toMatchObject([foreseen]);
  });

  it("goes where a rule says, and then nothing is lowered", async () => {
    const { path } = await makeBundle({ charts: [{ tgz: makeChart("Workspace", "1.0.0") }] });
    const rules = parseMapRules("rules: [{from: charts/Workspace, to: team/ws}]", "rules");
    const target = await startRegistry();
    const report = await pushBundle(path, target.host, { trust: TRUST, mapping: { rules } });
    expect(report.artifacts.map((one) => one.target)).toEqual([`${target.host}/team/ws:1.0.0`]);
    expect(report.findings).toEqual([]);
  });
});

describe("names that no registry takes", () => {
  it("of charts are foreseen by verify, with the rule that helps", async () => {
    const { path } = await makeBundle({ charts: [{ tgz: makeChart("a..b", "1.0.0") }] });
    const { findings } = await check(path);
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["PLAN_INVALID", "warning"],
      ["PLAN_INVALID", "info"],
      ["PLAN_INVALID", "info"],
    ]);
    expect(findings[0]?.hint).toBe("Give names of your own with rules in --map-file.");
  });

  it("because two things would get one are foreseen by verify, with the rule that helps", async () => {
    const { path } = await makeBundle({
      images: {
        "one.example/team/app:1.0": oneLayerImage("one"),
        "two.example/team/app:1.0": oneLayerImage("two"),
      },
    });
    const { findings, good } = await check(path);
    expect(good).toBe(true);
    expect(findings).toMatchObject([
      { severity: "warning", message: expect.stringContaining("--map drop-host") as string },
      { severity: "info", message: expect.stringContaining("--map flatten") as string },
    ]);
    expect(findings[0]?.hint).toContain("--map keep-host");
    const target = await startRegistry();
    expect(await refusal(() => pushBundle(path, target.host, { trust: TRUST }))).toMatchObject({
      code: "DRAY_PLAN_INVALID",
    });
    const mapping = { mode: "keep-host" } as const;
    const { artifacts } = await pushBundle(path, target.host, { trust: TRUST, mapping });
    expect(artifacts.map(({ result }) => result)).toEqual(["pushed", "pushed"]);
  });
});

describe("pack", () => {
  it("says what a push could not do, before the bundle has left", async () => {
    const source = await startRegistry();
    await fill(source, oneLayerImage("one"), "team/app:1.0");
    await fill(source, oneLayerImage("two"), "other/app:1.0");
    const { plan } = await packImages(await desk(source), ["team/app:1.0", "other/app:1.0"]);
    expect(plan.findings).toMatchObject([
      {
        code: "PLAN_INVALID",
        severity: "info",
        hint: expect.stringContaining("drop-host") as string,
      },
    ]);
  });

  it.each([
    ["names would collide", "internal:5000", { mode: "flatten" }],
    ["names would be too long", `internal:5000/${"long/".repeat(46)}end`, {}],
  ] as const)("for a target where %s fails and writes nothing", async (_, target, mapping) => {
    const source = await startRegistry();
    await fill(source, oneLayerImage("one"), "team/app:1.0");
    await fill(source, oneLayerImage("two"), "other/app:1.0");
    const at = await desk(source);
    const packing = packImages(at, ["team/app:1.0", "other/app:1.0"], { target, mapping });
    expect(await refusal(() => packing)).toMatchObject({ code: "DRAY_PLAN_INVALID" });
    expect(await filesBelow(at.directory)).toEqual([]);
  });

  it("requires platforms of every image, and names those that lack one", async () => {
    const source = await startRegistry();
    await fill(source, makeMultiArch("both"), "team/both:1.0");
    await fill(source, oneLayerImage("one"), "team/one:1.0");
    const requirePlatforms = [parsePlatform("linux/arm64")];
    const at = await desk(source);
    const { plan } = await packImages(at, ["team/both:1.0"], { requirePlatforms });
    expect(plan.contents).toHaveLength(1);
    const error = await refusal(() =>
      packImages(at, ["team/both:1.0", "team/one:1.0"], { requirePlatforms }),
    );
    expect(error).toMatchObject({ code: "DRAY_PLATFORM_MISSING", kind: "refused" });
    expect(error.message.split("\n").slice(1)).toEqual([
      `  ${source.host}/team/one:1.0 lacks linux/arm64, has linux/amd64`,
    ]);
  });
});

/** An image as Docker writes it, announced as one of OCI. */
function misannounced(): MadeImage {
  const layer = makeLayer("docker", 500);
  const { root, blobs } = makeImage([layer]);
  const manifest = {
    ...(JSON.parse(root.bytes.toString()) as object),
    mediaType: MediaType.dockerManifest,
  };
  const { bytes, descriptor } = authored(
    MediaType.ociManifest,
    Buffer.from(JSON.stringify(manifest)),
  );
  return { root: { bytes, descriptor }, blobs };
}

describe("a root that is announced as another type than it is", () => {
  it("is pushed under its own, by digest and by tag", async () => {
    const directory = await directoryOf(layoutMembers([named(misannounced(), "a.example/x:1")]));
    const target = await startRegistry();
    await pushBundle(directory, target.host, { trust: { keys: [], allowUnsigned: true } });
    const types = target
      .requests("PUT", /\/manifests\//)
      .map(({ headers }) => headers["content-type"]);
    expect(types).toEqual([MediaType.dockerManifest, MediaType.dockerManifest]);
  });
});
