import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chartYaml, packedChart } from "../../fixtures/charts.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { images, type ImagesOptions, type ImagesReport } from "../../src/stories/images.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { fill, oneLayerImage, QUICK, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle } from "./lab.ts";

/** A chart whose custom resource seems to speak of images of `host`, without a proof. */
async function chartWithSuspects(host: string): Promise<string> {
  const texts = {
    "templates/a.yaml": `apiVersion: x/v1\nkind: Widget\nspec:\n  first: ${host}/team/app:1.0\n  second: ${host}/team/gone:1.0\n`,
  };
  const path = join(await temporaryDirectory(), "demo.tgz");
  await writeFile(path, packedChart(texts));
  return path;
}

async function imagesOf(
  chart: string,
  changes: Partial<ImagesOptions> = {},
): Promise<ImagesReport> {
  return images({
    charts: [parseChart(chart)],
    store: join(await temporaryDirectory(), "store"),
    registry: QUICK,
    ...changes,
  });
}

/** What is known of each suspect, by its name. */
function presences({ images: found }: ImagesReport): Record<string, string | undefined> {
  const suspects = found.filter((one) => one.class === "suspect");
  return Object.fromEntries(
    suspects.map(({ reference, presence }) => [reference.repository, presence]),
  );
}

async function startFilled(): Promise<TestRegistry> {
  const registry = await startRegistry();
  await fill(registry, oneLayerImage("suspect"));
  return registry;
}

describe("images()", () => {
  it("asks no registry unless it is told to", async () => {
    const registry = await startFilled();
    const report = await imagesOf(await chartWithSuspects(registry.host));
    expect(presences(report)).toStrictEqual({ "team/app": undefined, "team/gone": undefined });
    expect(registry.seen).toEqual([]);
  });

  it("says that a needed image without a tag is the latest one", async () => {
    const path = join(await temporaryDirectory(), "demo.tgz");
    const pod = "kind: Pod\nspec: {containers: [{name: a, image: quay.io/team/app}]}\n";
    await writeFile(path, packedChart({ "templates/a.yaml": `apiVersion: v1\n${pod}` }));
    const { charts } = await imagesOf(path);
    expect(charts.flatMap(({ findings }) => findings)).toMatchObject([
      { code: "TAG_LATEST", severity: "info", message: expect.stringContaining("team/app:latest") },
    ]);
  });

  it("with probe asks whether suspects are there, one HEAD each", async () => {
    const registry = await startFilled();
    const chart = await chartWithSuspects(registry.host);
    registry.forget();
    const report = await imagesOf(chart, { probe: true });
    expect(presences(report)).toEqual({ "team/app": "present", "team/gone": "absent" });
    const asked = registry.seen.filter(({ path }) => path.includes("/manifests/"));
    expect(asked.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  });

  it("does not know what a registry refuses to tell, or one that is not there", async () => {
    const registry = await startFilled();
    registry.door = () => ({ status: 403, headers: {} });
    const refused = await imagesOf(await chartWithSuspects(registry.host), { probe: true });
    expect(presences(refused)).toEqual({ "team/app": "unknown", "team/gone": "unknown" });
    await registry.stop();
    const gone = await imagesOf(await chartWithSuspects(registry.host), { probe: true });
    expect(presences(gone)).toEqual({ "team/app": "unknown", "team/gone": "unknown" });
  });

  it("says what a chart lacks, and why it could not be had", async () => {
    const more =
      'dependencies:\n- {name: gone, version: "1.x", repository: "http://127.0.0.1:1"}\n';
    const path = join(await temporaryDirectory(), "demo.tgz");
    await writeFile(path, packedChart({ "Chart.yaml": chartYaml("demo", more) }));
    const report = await imagesOf(path);
    expect(report.complete).toBe(false);
    expect(report.charts[0]?.findings).toMatchObject([
      { code: "DEPENDENCY_MISSING", severity: "warning" },
      { severity: "warning", message: expect.stringContaining("127.0.0.1:1") as string },
    ]);
  });

  it("reads a chart that is in a registry", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    await packImages(at, [], {
      recipe: { charts: [parseChart(await chartWithSuspects("quay.io"))] },
    });
    await pushBundle(at.output, `${registry.host}/charts`);
    const report = await imagesOf(`oci://${registry.host}/charts/demo`);
    expect(report.charts).toMatchObject([{ name: "demo", version: "1.0.0", complete: false }]);
    expect(report.images.map(({ image }) => image)).toEqual([
      "quay.io/team/app:1.0",
      "quay.io/team/gone:1.0",
    ]);
  });
});
