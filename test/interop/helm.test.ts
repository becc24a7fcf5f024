import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDemoChart } from "../../fixtures/demo-chart.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { parseChart, type ChartRequest } from "../../src/intake/recipe/chart-request.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { signer } from "../gpg.ts";
import { needs } from "../programs.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle, TRUST } from "../stories/lab.ts";
import { dockerRegistry, run } from "./lab.ts";

/** A chart that is packed without its images. */
function alone(text: string): ChartRequest & { images: "none" } {
  return { ...parseChart(text), images: "none" };
}

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

  it("takes a chart that dray has packed from a directory, with its dependency", async (context) => {
    needs(context, "helm");
    const root = await temporaryDirectory();
    for (const name of ["app", "lib"]) await run("helm", ["create", join(root, name)]);
    const file = join(root, "app", "Chart.yaml");
    const dependency = `{ name: lib, version: 0.x, repository: "file://../lib" }`;
    await writeFile(file, `${await readFile(file, "utf8")}dependencies: [${dependency}]\n`);
    await run("helm", ["dependency", "build", join(root, "app")]);
    const wanted = await run("helm", ["template", join(root, "app")]);
    await rm(join(root, "app", "charts"), { recursive: true });
    const at = await desk(await startRegistry());
    await packImages(at, [], { recipe: { charts: [alone(join(root, "app"))] } });
    const directory = join(await temporaryDirectory(), "unpacked");
    const workDirectory = await temporaryDirectory();
    await unpack({ path: at.output, trust: TRUST, directory }, { workDirectory });
    const packed = join(directory, "charts/app-0.1.0.tgz");
    expect(await run("helm", ["template", packed])).toBe(wanted);
  });

  it("writes an index that dray reads, and signs charts that dray checks", async (context) => {
    needs(context, "helm");
    const { keyring, secret, gpgv } = await signer(context);
    const repository = await startRepository();
    const root = await temporaryDirectory();
    await run("helm", ["create", join(root, "web")]);
    const signing = ["--sign", "--key", "Ada", "--keyring", secret];
    await run("helm", ["package", join(root, "web"), "-d", root, ...signing]);
    await run("helm", ["repo", "index", root]);
    for (const name of ["index.yaml", "web-0.1.0.tgz", "web-0.1.0.tgz.prov"]) {
      repository.files.set(`/${name}`, await readFile(join(root, name)));
    }
    const at = await desk(await startRegistry());
    const { plan } = await packImages(at, [], {
      recipe: { charts: [alone(`${repository.url}#web`)] },
      provenance: { keyring, gpgv, required: true },
    });
    expect(plan.findings).toMatchObject([{ code: "PROVENANCE_GOOD" }]);
  });
});
