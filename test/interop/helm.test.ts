import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDemoChart } from "../../fixtures/demo-chart.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parseChart } from "../../src/recipe/chart-request.ts";
import { needs } from "../programs.ts";
import { startRegistry } from "../registry/lab.ts";
import { desk, packImages, pushBundle } from "../stories/lab.ts";
import { dockerRegistry, run } from "./lab.ts";

describe("helm", () => {
  it("pulls a chart that dray has pushed, with its provenance", async (context) => {
    needs(context, "helm");
    needs(context, "docker-registry");
    const target = await dockerRegistry();
    const at = await desk(await startRegistry());
    const path = await makeDemoChart(await temporaryDirectory());
    await writeFile(`${path}.prov`, "-----BEGIN PGP SIGNED MESSAGE-----\n");
    await packImages(at, [], { recipe: { charts: [parseChart(path)] } });
    await pushBundle(at.output, `${target.host}/mirror`);
    const pulled = await temporaryDirectory();
    const chart = `oci://${target.host}/mirror/shop`;
    await run("helm", [
      "pull",
      chart,
      "--version",
      "1.0.0",
      "--plain-http",
      "--prov",
      "-d",
      pulled,
    ]);
    for (const name of ["shop-1.0.0.tgz", "shop-1.0.0.tgz.prov"]) {
      const original = name.endsWith(".prov") ? `${path}.prov` : path;
      expect((await readFile(join(pulled, name))).equals(await readFile(original))).toBe(true);
    }
  });

  it("pushes a chart that dray packs, and the digest stays the same", async (context) => {
    needs(context, "helm");
    needs(context, "docker-registry");
    const [source, target] = [await dockerRegistry(), await dockerRegistry()];
    const path = await makeDemoChart(await temporaryDirectory());
    await run("helm", ["push", path, `oci://${source.host}/charts`, "--plain-http"]);
    const at = await desk(await startRegistry());
    const { manifest } = await packImages(at, [], {
      recipe: { charts: [parseChart(`oci://${source.host}/charts/shop:1.0.0`)] },
    });
    const report = await pushBundle(at.output, `${target.host}/mirror`);
    expect(report.artifacts).toMatchObject([
      { digest: manifest?.artifacts[0]?.digest, target: `${target.host}/mirror/shop:1.0.0` },
    ]);
    const pulled = await temporaryDirectory();
    const chart = `oci://${target.host}/mirror/shop`;
    await run("helm", ["pull", chart, "--version", "1.0.0", "--plain-http", "-d", pulled]);
    expect((await readFile(join(pulled, "shop-1.0.0.tgz"))).equals(await readFile(path))).toBe(
      true,
    );
  });
});
