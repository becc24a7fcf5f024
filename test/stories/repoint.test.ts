import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeBundle, SIGNER } from "../../fixtures/bundles.ts";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import { makeImage, makeLayer, type MadeImage } from "../../fixtures/images.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { globalChart } from "../../fixtures/umbrella-charts.ts";
import type { RepointReport } from "../../src/repoint/repoint-bundle.ts";
import { repoint, type RepointOptions } from "../../src/stories/repoint.ts";
import { push } from "../../src/stories/push.ts";
import { refusal } from "../refusal.ts";
import { startRegistry } from "../remote/registry/lab.ts";

const TARGET = "registry.internal:5000/mirror";

const IMAGES = [
  "quay.io/acme/server:5.0.0",
  "quay.io/acme/wait:1.0.0",
  "quay.io/acme/search:7.6.2",
  "docker.io/exporters/search_exporter:1.1.0",
];

const made = (name: string): MadeImage => makeImage([makeLayer(name, 500)]);

async function repointBundle(
  changes: Partial<RepointOptions> = {},
  { images = IMAGES, charts = [globalChart()] } = {},
): Promise<RepointReport & { readonly output: string }> {
  const { path } = await makeBundle({
    images: Object.fromEntries(images.map((name) => [name, made(name)])),
    charts: charts.map((texts) => ({ tgz: packedChart(texts, { name: "chart" }) })),
  });
  const output = join(await temporaryDirectory(), "deploy");
  const trust = { keys: [SIGNER.publicKey] };
  const options = { path, trust, target: TARGET, output, ...changes };
  return { ...(await repoint(options, { workDirectory: await temporaryDirectory() })), output };
}

describe("repoint()", () => {
  it("writes values and proof of each chart, and says what to type", async () => {
    const report = await repointBundle();
    expect(report).toMatchObject({ good: true, target: TARGET });
    const [chart] = report.charts;
    const proof: unknown = JSON.parse(
      await readFile(join(report.output, "observer.proof.json"), "utf8"),
    );
    expect(proof).toMatchObject({
      proofVersion: 1,
      chart: { name: "observer", version: "1.0.0" },
      target: TARGET,
      problems: [],
      images: [
        {
          image: "docker.io/exporters/search_exporter:1.1.0",
          target: `${TARGET}/exporters/search_exporter:1.1.0`,
          now: `${TARGET}/exporters/search_exporter:1.1.0`,
          moved: true,
          by: ["search.search-exporter.image.repository"],
          presence: "not asked",
          isCarried: true,
        },
        { by: ["global.imageRegistry"] },
        { by: ["global.imageRegistry"] },
        { by: ["global.imageRegistry"] },
      ],
    });
    expect(chart?.install).toBe(
      `helm upgrade --install observer oci://${TARGET}/observer --version 1.0.0 --values ${report.output}/observer.values.yaml`,
    );
    expect(chart?.findings).toEqual([]);
  });

  it("writes the same bytes again, and replaces nothing else", async () => {
    const { output } = await repointBundle();
    const files = ["observer.values.yaml", "observer.proof.json"].map((name) => join(output, name));
    const before = await Promise.all(files.map((file) => readFile(file, "utf8")));
    await repointBundle({ output });
    expect(await Promise.all(files.map((file) => readFile(file, "utf8")))).toEqual(before);
    await writeFile(files[0] ?? "", "mine: true\n");
    expect(await refusal(() => repointBundle({ output }))).toMatchObject({
      code: "DRAY_OUTPUT_REFUSED",
    });
    expect(await readFile(files[0] ?? "", "utf8")).toBe("mine: true\n");
  });

  it("says of an image that the bundle does not bring that its name is only a name", async () => {
    const { charts, good } = await repointBundle({}, { images: IMAGES.slice(1) });
    expect(charts[0]?.findings).toMatchObject([
      { code: "IMAGE_NOT_CARRIED", severity: "warning", entry: "quay.io/acme/server:5.0.0" },
    ]);
    expect(good).toBe(true);
  });

  it("says of each image whether the target has it, by a receipt or by asking", async () => {
    const { host } = await startRegistry();
    const target = `${host}/mirror`;
    const images = Object.fromEntries(IMAGES.slice(1).map((name) => [name, made(name)]));
    const tgz = packedChart(globalChart(), { name: "chart" });
    const { path } = await makeBundle({ images, charts: [{ tgz }] });
    const folder = await temporaryDirectory();
    const receipt = join(folder, "receipt.json");
    const options = { path, trust: { keys: [SIGNER.publicKey] }, target };
    const run = { workDirectory: await temporaryDirectory() };
    await push({ ...options, receipt }, run);
    for (const known of [{ receipt }, { ask: {} }]) {
      const report = await repoint({ ...options, ...known, output: join(folder, "deploy") }, run);
      expect(report.good).toBe(false);
      const presences = report.charts[0]?.images.map((one) => `${one.image}: ${one.presence}`);
      expect(presences).toEqual([
        "docker.io/exporters/search_exporter:1.1.0: there",
        "quay.io/acme/search:7.6.2: there",
        "quay.io/acme/server:5.0.0: missing",
        "quay.io/acme/wait:1.0.0: there",
      ]);
    }
  });

  it("knows an image of the bundle from another that the target has under its name", async () => {
    const { host } = await startRegistry();
    const target = `${host}/mirror`;
    const run = { workDirectory: await temporaryDirectory() };
    const trust = { keys: [SIGNER.publicKey] };
    const [first = ""] = IMAGES;
    const folder = await temporaryDirectory();
    const receipt = join(folder, "receipt.json");
    const { path: older } = await makeBundle({
      images: Object.fromEntries(
        IMAGES.map((name) => [name, made(name === first ? "an older server" : name)]),
      ),
    });
    await push({ path: older, trust, target, receipt }, run);
    const { path } = await makeBundle({
      images: Object.fromEntries(IMAGES.map((name) => [name, made(name)])),
      charts: [{ tgz: packedChart(globalChart(), { name: "chart" }) }],
    });
    for (const known of [{ receipt }, { ask: {} }]) {
      const options = { path, trust, target, ...known };
      const report = await repoint(options, run);
      const others = report.charts[0]?.images.filter(({ presence }) => presence !== "there");
      expect(others).toMatchObject([{ image: first, presence: "rewritten" }]);
      expect(report.good).toBe(false);
      // Who takes names as they are takes what stands behind them.
      expect(await repoint({ ...options, pins: "none" }, run)).toMatchObject({ good: true });
    }
  });

  it("follows a push: what that has brought is there, and the registry is asked for the rest", async () => {
    const { host } = await startRegistry();
    const target = `${host}/mirror`;
    const tgz = packedChart(globalChart(), { name: "chart" });
    const run = { workDirectory: await temporaryDirectory() };
    const trust = { keys: [SIGNER.publicKey] };
    const [first = "", ...others] = IMAGES;
    const { path: before } = await makeBundle({ images: { [first]: made(first) } });
    await push({ path: before, trust, target }, run);
    const images = Object.fromEntries(others.slice(1).map((name) => [name, made(name)]));
    const { path } = await makeBundle({ images, charts: [{ tgz }] });
    const folder = await temporaryDirectory();
    const [receipt, output] = [join(folder, "receipt.json"), join(folder, "deploy")];
    const report = await push({ path, trust, target, receipt, repoint: { output } }, run);
    expect(report.repoint?.good).toBe(false);
    const presences = report.repoint?.charts[0]?.images.map(
      (one) => `${one.image}: ${one.presence}`,
    );
    expect(presences).toEqual([
      "docker.io/exporters/search_exporter:1.1.0: there",
      "quay.io/acme/search:7.6.2: there",
      "quay.io/acme/server:5.0.0: there",
      "quay.io/acme/wait:1.0.0: missing",
    ]);
    expect(JSON.parse(await readFile(receipt, "utf8"))).toMatchObject({ outcome: "done" });
    expect(await readFile(join(output, "observer.values.yaml"), "utf8")).toContain(target);
  });

  it("is refused before anything is pushed, and leaves nothing behind in a dry run", async () => {
    const registry = await startRegistry();
    const { host } = registry;
    const charts = [globalChart(), { ...globalChart(), "Chart.yaml": chartYaml("other") }];
    const { path } = await makeBundle({
      images: { [IMAGES[0] ?? ""]: made("server") },
      charts: charts.map((texts) => ({ tgz: packedChart(texts, { name: "chart" }) })),
    });
    const options = { path, trust: { keys: [SIGNER.publicKey] }, target: host };
    const run = { workDirectory: await temporaryDirectory() };
    const given = { valueSets: [{ set: ["a=b"] }] };
    const refused = await refusal(() => push({ ...options, repoint: given }, run));
    expect(refused).toMatchObject({ code: "DRAY_CHART_AMBIGUOUS" });
    expect(registry.requests("GET")).toEqual([]);
    const output = join(await temporaryDirectory(), "deploy");
    const report = await push({ ...options, dryRun: true, repoint: { output } }, run);
    expect(report.repoint).toBeUndefined();
    await expect(readFile(join(output, "mapping.json"))).rejects.toThrow("ENOENT");
  });

  it("fixes the digests of what the bundle brings, and says of what none is known", async () => {
    const { charts, good } = await repointBundle({ pins: "digest" }, { images: IMAGES.slice(1) });
    const now = charts[0]?.images.map((one) => /@/.test(one.now ?? ""));
    expect(now).toEqual([true, true, false, true]);
    expect(charts[0]?.pins).toEqual({
      mode: "digest",
      left: [
        {
          image: IMAGES[0],
          reason: "the bundle does not bring it, and so nobody has verified a digest",
          needed: true,
        },
      ],
    });
    expect(good).toBe(false);
  });

  it("names a digest that the target has not, and clears it where that is wished for", async () => {
    const { host } = await startRegistry();
    const pinned = `quay.io/acme/web:1.0@sha256:${"e".repeat(64)}`;
    const texts = {
      "Chart.yaml": chartYaml("pinned"),
      "values.yaml": `image: ${pinned}\n`,
      "templates/a.yaml":
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: {{ .Values.image }}}\n",
    };
    const run = { workDirectory: await temporaryDirectory() };
    const trust = { keys: [SIGNER.publicKey] };
    const images = { "quay.io/acme/web:1.0": made("web") };
    const { path } = await makeBundle({
      images,
      charts: [{ tgz: packedChart(texts, { name: "chart" }) }],
    });
    await push({ path, trust, target: host }, run);
    const options = { path, trust, target: host, ask: {} };
    const before = await repoint(options, run);
    expect(before.charts[0]?.images).toMatchObject([{ moved: true, presence: "rewritten" }]);
    expect(before.good).toBe(false);
    const after = await repoint({ ...options, pins: "none" }, run);
    expect(after.charts[0]?.images).toMatchObject([
      { now: `${host}/acme/web:1.0`, presence: "there" },
    ]);
    expect(after.good).toBe(true);
  });

  it("is not good while a needed image points outside", async () => {
    const fixed =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: quay.io/acme/fixed:1.0}\n";
    const texts = { "Chart.yaml": chartYaml("fixed"), "templates/a.yaml": fixed };
    const { good, charts } = await repointBundle({}, { charts: [texts] });
    expect(good).toBe(false);
    expect(charts).toMatchObject([{ good: false, images: [{ moved: false }] }]);
  });

  it("writes a file for each set of values", async () => {
    const sets = [{ set: ["wait.tag=1"] }, { set: ["wait.tag=2"] }];
    const { charts } = await repointBundle({ valueSets: sets });
    expect(charts.map(({ valuesFile }) => valuesFile.replace(/.*\//, ""))).toEqual([
      "observer.1.values.yaml",
      "observer.2.values.yaml",
    ]);
    expect(charts[1]?.install).toMatch(/observer\.2\.values\.yaml --set wait\.tag=2$/);
  });

  it("wants to be told for which chart the values are", async () => {
    const charts = [globalChart(), { ...globalChart(), "Chart.yaml": chartYaml("other") }];
    const given = (): unknown => repointBundle({ valueSets: [{ set: ["a=b"] }] }, { charts });
    expect(await refusal(given)).toMatchObject({ code: "DRAY_CHART_AMBIGUOUS" });
  });

  it("refuses a target that is no host in the name of an image", async () => {
    expect(await refusal(() => repointBundle({ target: "registry/mirror" }))).toMatchObject({
      code: "DRAY_TARGET_INVALID",
    });
  });
});
