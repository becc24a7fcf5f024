import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER, type BundleRecipe } from "../../fixtures/bundles.ts";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer, makeMultiArch, type MadeImage } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { check, type CheckOptions, type CheckReport } from "../../src/stories/check.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { push } from "../../src/stories/push.ts";
import { refusal } from "../refusal.ts";
import { startRegistry } from "../remote/registry/lab.ts";

const amd64 = (seed: string): MadeImage => makeImage([makeLayer(seed, 500)]);

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: main}\nspec:\n  containers:\n  - {name: main, image: "${image}"}\n`;

/** A packed chart called `name` with a pod for each image. */
function chart(name: string, ...images: readonly string[]): { tgz: Buffer } {
  const templates = images.map((image, index) => [`templates/${index}.yaml`, pod(image)] as const);
  const texts = { "Chart.yaml": chartYaml(name), ...Object.fromEntries(templates) };
  return { tgz: packedChart(texts, { name }) };
}

async function checkBundle(
  recipe: BundleRecipe,
  changes: Partial<CheckOptions> = {},
): Promise<CheckReport> {
  const { path } = await makeBundle(recipe);
  return check(
    {
      path,
      trust: { keys: [SIGNER.publicKey] },
      ...changes,
    },
    { workDirectory: await temporaryDirectory() },
  );
}

/** `image: problem` of everything that is missing. */
function missing({ charts }: CheckReport): string[] {
  return charts.flatMap((one) => one.missing.map(({ image, problem }) => `${image}: ${problem}`));
}

describe("check()", () => {
  it("is content if every image that a chart pulls is there, under whatever form of its name", async () => {
    const images = {
      "docker.io/library/busybox:1.36": amd64("busybox"),
      "ghcr.io/acme/web:2.0": amd64("web"),
    };
    const report = await checkBundle({
      images,
      charts: [
        chart(
          "shop",
          "busybox:1.36",
          "index.docker.io/library/busybox:1.36",
          "ghcr.io/acme/web:2.0",
        ),
      ],
    });
    expect(report).toMatchObject({ good: true, complete: true });
    expect(report.charts).toMatchObject([
      { name: "shop", version: "1.0.0", needed: 2, missing: [] },
    ]);
  });

  it("names what is missing, why it is needed, and what is there instead", async () => {
    const web = amd64("web");
    const report = await checkBundle({
      images: { "ghcr.io/acme/web:2.0": web },
      charts: [chart("shop", "ghcr.io/acme/web:2.1", "quay.io/acme/web:2.0")],
    });
    expect(report.good).toBe(false);
    expect(missing(report)).toEqual([
      `ghcr.io/acme/web:2.1: not in the bundle, which has ghcr.io/acme/web:2.0 (${web.root.descriptor.digest})`,
      "quay.io/acme/web:2.0: not in the bundle",
    ]);
    expect(report.charts[0]?.missing[0]?.evidence[0]).toMatchObject({
      object: "Pod/main",
      where: "container main",
    });
  });

  it("takes a pinned image by its digest alone, also by that of one platform", async () => {
    const web = makeMultiArch("web", { size: 500 });
    const { digest } = web.root.descriptor;
    const index = JSON.parse(web.root.bytes.toString()) as { manifests: { digest: string }[] };
    const child = index.manifests[0]?.digest ?? "";
    const images = { "r.example/web:1": web };
    const pinned = [
      `r.example/web:1@${digest}`,
      `r.example/web:other@${digest}`,
      `r.example/web@${child}`,
    ];
    expect(await checkBundle({ images, charts: [chart("a", ...pinned)] })).toMatchObject({
      good: true,
    });
    const other = `sha256:${"0".repeat(64)}`;
    const report = await checkBundle({ images, charts: [chart("a", `r.example/web:1@${other}`)] });
    expect(missing(report)).toEqual([
      `r.example/web:1@${other}: not in the bundle, which has r.example/web:1 (${digest})`,
    ]);
  });

  it("does not take a digest for a tag", async () => {
    const web = amd64("web");
    const name = `r.example/web@${web.root.descriptor.digest}`;
    const report = await checkBundle({
      images: { [name]: web },
      charts: [chart("a", "r.example/web:1")],
    });
    expect(missing(report)).toEqual([`r.example/web:1: not in the bundle, which has ${name}`]);
  });

  it("wants every image on every platform that is required", async () => {
    const both = makeMultiArch("both", { size: 500 });
    const images = { "r.example/both:1": both, "r.example/one:1": amd64("one") };
    const charts = [chart("a", "r.example/both:1", "r.example/one:1")];
    const platforms = ["linux/amd64", "linux/arm64"].map(parsePlatform);
    const report = await checkBundle({ images, charts }, { requirePlatforms: platforms });
    expect(missing(report)).toEqual(["r.example/one:1: lacks linux/arm64, has linux/amd64"]);
    const amd = await checkBundle({ images, charts }, { requirePlatforms: platforms.slice(0, 1) });
    expect(amd.good).toBe(true);
  });

  it("wants the pinned platform to be the required one", async () => {
    const both = makeMultiArch("both", { size: 500 });
    const index = JSON.parse(both.root.bytes.toString()) as {
      manifests: { digest: string; platform: { architecture: string } }[];
    };
    const arm = index.manifests.find(({ platform }) => platform.architecture === "arm64");
    const images = { "r.example/both:1": both };
    const charts = [chart("a", `r.example/both@${arm?.digest ?? ""}`)];
    const requirePlatforms = [parsePlatform("linux/amd64")];
    const report = await checkBundle({ images, charts }, { requirePlatforms });
    expect(missing(report)[0]).toContain("lacks linux/amd64, has linux/arm64");
  });

  it("knows names at the internal registry only when told which it is, and how names get there", async () => {
    const images = { "ghcr.io/acme/web:2.0": amd64("web") };
    const charts = [chart("a", "registry.internal:5000/mirror/acme/web:2.0")];
    const target = "registry.internal:5000/mirror";
    expect((await checkBundle({ images, charts })).good).toBe(false);
    expect((await checkBundle({ images, charts }, { target })).good).toBe(true);
    const mapping = { mode: "keep-host", rules: [] } as const;
    const kept = await checkBundle({ images, charts }, { target, mapping });
    expect(missing(kept)).toEqual([
      "registry.internal:5000/mirror/acme/web:2.0: not in the bundle",
    ]);
  });

  it("is not content with images that values still look for at their source", async () => {
    const images = { "ghcr.io/acme/web:2.0": amd64("web") };
    const charts = [chart("a", "ghcr.io/acme/web:2.0")];
    const report = await checkBundle({ images, charts }, { target: "registry.internal" });
    expect(report).toMatchObject({ good: false, complete: true });
    expect(report.charts).toMatchObject([
      { missing: [], outside: [{ image: "ghcr.io/acme/web:2.0" }] },
    ]);
    expect(report.charts[0]?.findings).toMatchObject([
      {
        code: "IMAGE_ELSEWHERE",
        severity: "warning",
        message: expect.stringContaining("web:2.0") as string,
      },
    ]);
  });

  it("asks the target for what values name there, if it is told to", async () => {
    const { host } = await startRegistry();
    const target = `${host}/mirror`;
    const { path } = await makeBundle({
      images: { "ghcr.io/acme/web:2.0": amd64("web") },
      charts: [chart("a", `${target}/acme/web:2.0`)],
    });
    const trust = { keys: [SIGNER.publicKey] };
    const run = { workDirectory: await temporaryDirectory() };
    const before = await check({ path, trust, target, ask: {} }, run);
    expect(before).toMatchObject({
      good: false,
      charts: [{ missing: [], absent: [{ image: `${target}/acme/web:2.0` }] }],
    });
    await push({ path, trust, target }, run);
    const after = await check({ path, trust, target, ask: {} }, run);
    expect(after).toMatchObject({ good: true, charts: [{ absent: [] }] });
    const other = await makeBundle({ images: { "ghcr.io/acme/web:2.0": amd64("another") } });
    await push({ path: other.path, trust, target, overwrite: true }, run);
    const image = `${target}/acme/web:2.0`;
    expect(await check({ path, trust, target, ask: {} }, run)).toMatchObject({
      good: false,
      charts: [{ absent: [{ image }], findings: [{ code: "IMAGE_REPLACED", entry: image }] }],
    });
    expect(await check({ path, trust, ask: {} }, run)).toMatchObject({
      good: true,
      charts: [{ missing: [], found: [{ image }], absent: [], findings: [] }],
    });
  });

  it("reads each chart with its own values", async () => {
    const texts = {
      "values.yaml": "tag: 1\n",
      "templates/a.yaml": pod("r.example/web:{{ .Values.tag }}"),
    };
    const tgz = packedChart(texts, { name: "a" });
    const images = { "r.example/web:1": amd64("web") };
    const valueSets = [{ set: ["tag=2"] }];
    const report = await checkBundle({ images, charts: [{ tgz }] }, { valueSets });
    expect(missing(report)[0]).toContain("r.example/web:2: not in the bundle");
    const two = { images, charts: [{ tgz }, chart("b", "r.example/web:1")] };
    const error = await refusal(() => checkBundle(two, { valueSets }));
    expect(error).toMatchObject({ code: "DRAY_CHART_AMBIGUOUS", kind: "usage" });
    const one = await checkBundle(two, { valueSets, chart: "b:1.0.0" });
    expect(one).toMatchObject({ good: true, charts: [{ name: "b" }] });
  });

  it("names the charts that there are if the one asked for is not among them", async () => {
    const images = { "r.example/web:1": amd64("web") };
    const missingChart = checkBundle({ images, charts: [chart("a")] }, { chart: "b" });
    await expect(missingChart).rejects.toMatchObject({
      code: "DRAY_CHART_MISSING",
      message: 'Cannot find chart "b" in this bundle: it has only a:1.0.0',
    });
    await expect(checkBundle({ images })).rejects.toMatchObject({ code: "DRAY_CHART_MISSING" });
  });

  it("ends, and does not know, where a template never does", async () => {
    const endless = '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}';
    const tgz = packedChart({ "templates/a.yaml": endless }, { name: "a" });
    const report = await checkBundle({ charts: [{ tgz }] });
    expect(report).toMatchObject({ good: true, complete: false });
    expect(report.charts[0]?.findings[0]).toMatchObject({
      code: "TEMPLATE_NOT_EVALUATED",
      severity: "warning",
    });
  });

  it("refuses a bundle that nobody trusted has signed", async () => {
    const recipe = { images: { "r.example/web:1": amd64("web") }, charts: [chart("a")] };
    const error = await refusal(() => checkBundle(recipe, { trust: { keys: [] } }));
    expect(error).toMatchObject({ code: "DRAY_BUNDLE_REFUSED", kind: "refused" });
  });
});
