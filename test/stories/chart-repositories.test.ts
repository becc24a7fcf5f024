import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeChart } from "../../fixtures/bundles.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { TestChartRepository } from "../../fixtures/chart-repository.ts";
import type { KnownRepositories } from "../../src/remote/chart-repository/repository-login.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { parseLock } from "../../src/intake/recipe/lock.ts";
import { unpack } from "../../src/stories/unpack.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { startRegistry } from "../remote/registry/lab.ts";
import { refusal } from "../refusal.ts";
import { desk, packImages, pushBundle, TRUST, type Desk, type PackChanges } from "./lab.ts";

function packCharts(
  at: Desk,
  charts: readonly string[],
  changes: PackChanges = {},
): ReturnType<typeof packImages> {
  return packImages(at, [], {
    ...changes,
    recipe: { charts: charts.map((text) => parseChart(text)) },
  });
}

async function contentOfChart(at: Desk, file: string): Promise<Buffer> {
  const directory = join(await temporaryDirectory(), "unpacked");
  await unpack(
    { path: at.output, trust: TRUST, directory },
    { workDirectory: await temporaryDirectory() },
  );
  return readFile(join(directory, "charts", file));
}

/** Helm's configuration, with one repository in it. */
function stableAt(url: string): KnownRepositories {
  return {
    login: async () => undefined,
    urlOf: async (name) => (name === "stable" ? url : undefined),
  };
}

async function startWith(versions: readonly string[]): Promise<TestChartRepository> {
  const repository = await startRepository();
  for (const version of versions) repository.publish("web", { version });
  return repository;
}

describe("a chart from a chart repository", () => {
  it("keeps its bytes, travels with its provenance and is pushed as any other", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const repository = await startRepository();
    const tgz = repository.publish("web", { version: "1.2.3" });
    const provenance = "-----BEGIN PGP SIGNED MESSAGE-----\n";
    repository.files.set("/charts/web-1.2.3.tgz.prov", provenance);
    const { manifest } = await packCharts(at, [`${repository.url}#web:1.2.3`]);
    expect(manifest?.artifacts).toMatchObject([
      { kind: "chart", reference: "charts/web:1.2.3", file: "charts/web-1.2.3.tgz" },
    ]);
    expect((await contentOfChart(at, "web-1.2.3.tgz")).equals(tgz)).toBe(true);
    expect((await contentOfChart(at, "web-1.2.3.tgz.prov")).toString()).toBe(provenance);
    const { artifacts } = await pushBundle(at.output, `${registry.host}/mirror`);
    expect(artifacts).toMatchObject([{ target: `${registry.host}/mirror/web:1.2.3` }]);
  });

  it.each([
    ["", "1.10.0"],
    [":^1.2, !=1.10.0", "1.9.0"],
    [":=>1.2.0 =<1.9.x", "1.9.0"],
    [":<1 || ~1.2", "1.2.0"],
    [":>=2.0.0-0", "2.0.0-rc.1"],
  ])("named web%s is %s", async (range, version) => {
    const repository = await startWith(["1.2.0", "2.0.0-rc.1", "1.10.0", "1.9.0", "1.10.0", "x"]);
    const at = await desk(await startRegistry());
    const { plan } = await packCharts(at, [`${repository.url}#web${range}`], { dryRun: true });
    expect(plan.contents).toMatchObject([{ reference: `charts/web:${version}` }]);
  });

  it("is pinned in the lock, and stays when there is a newer one", async () => {
    const repository = await startWith(["1.0.0"]);
    const at = await desk(await startRegistry());
    const lockPath = join(at.directory, "bundle.lock.json");
    const chart = `${repository.url}/#web`;
    const first = await packCharts(at, [chart], { lockPath });
    const lock = parseLock(await readFile(lockPath), lockPath);
    const digest = digestOf(makeChart("web", "1.0.0"));
    expect([...lock.charts]).toEqual([[chart, { version: "1.0.0", digest }]]);
    repository.publish("web", { version: "2.0.0" });
    const again = await packCharts(at, [chart], { lock, locked: true });
    expect(again.written?.bundleDigest).toBe(first.written?.bundleDigest);
    const { plan } = await packCharts(at, [chart], { lock });
    expect(plan.moved).toMatchObject([{ reference: chart, was: `1.0.0 ${digest}` }]);
  });

  it("whose content is another than in the lock is refused", async () => {
    const repository = await startWith(["1.0.0"]);
    const at = await desk(await startRegistry());
    const lockPath = join(at.directory, "bundle.lock.json");
    await packCharts(at, [`${repository.url}#web`], { lockPath });
    const lock = parseLock(await readFile(lockPath), lockPath);
    const other = makeChart("web", "1.0.0", "description: other\n");
    repository.files.set("/charts/web-1.0.0.tgz", other);
    const packing = packCharts(at, [`${repository.url}#web`], { lock, locked: true });
    await expect(packing).rejects.toMatchObject({ code: "DRAY_CHART_MISMATCH", kind: "refused" });
  });

  it("is not packed as locked when the lock does not have it", async () => {
    const repository = await startWith(["1.0.0"]);
    const at = await desk(await startRegistry());
    const lock = { entries: new Map(), charts: new Map(), searches: new Map() };
    const packing = packCharts(at, [`${repository.url}#web`], { lock, locked: true });
    await expect(packing).rejects.toMatchObject({ code: "DRAY_LOCK_MISSING" });
  });

  it("whose digest is another than the index says is refused", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0", digest: "0".repeat(64) });
    const at = await desk(await startRegistry());
    await expect(packCharts(at, [`${repository.url}#web`])).rejects.toMatchObject({
      code: "DRAY_CHART_MISMATCH",
      message: expect.stringContaining(`expected sha256:${"0".repeat(64)}, found`) as string,
    });
  });

  it("is fetched from the next address where the first does not have it", async () => {
    const repository = await startRepository();
    const urls = ["http://127.0.0.1:1/web.tgz", "gone/web.tgz", "charts/web-1.0.0.tgz?a=b&c=d%20e"];
    repository.publish("web", { version: "1.0.0", urls });
    const at = await desk(await startRegistry());
    await packCharts(at, [`${repository.url}#web`]);
    expect(repository.paths()).toContain("/gone/web.tgz");
    expect(repository.paths()).toContain("/charts/web-1.0.0.tgz?a=b&c=d%20e");
  });

  it.each([
    ["no address", []],
    ["a file of this host", ["file:///etc/passwd"]],
    ["where clouds keep credentials", ["http://169.254.169.254/latest/meta-data"]],
  ])("is refused with %s", async (_what, urls) => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0", urls });
    const at = await desk(await startRegistry());
    await expect(packCharts(at, [`${repository.url}#web`])).rejects.toMatchObject({
      kind: "refused",
    });
  });

  it("that only stands in the index and is in a registry keeps its digest there", async () => {
    const registry = await startRegistry();
    const at = await desk(registry);
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    const made = await packCharts(at, [`${repository.url}#web`]);
    await pushBundle(at.output, `${registry.host}/charts`);
    const index = await startRepository();
    index.publish("web", { version: "1.0.0", urls: [`oci://${registry.host}/charts/web:1.0.0`] });
    const { plan } = await packCharts(at, [`${index.url}#web`]);
    expect(plan.contents).toMatchObject([
      { reference: `${registry.host}/charts/web:1.0.0`, digest: made.plan.contents[0]?.digest },
    ]);
  });

  it.each([
    ["missing", "#other", "DRAY_CHART_VERSION_MISSING"],
    ["too new", "#web:^2", "DRAY_CHART_VERSION_MISSING"],
    ["another inside", "#alias", "DRAY_CHART_MISMATCH"],
    ["not to be understood", "#web:latest", "DRAY_VERSION_INVALID"],
  ])("that is %s is refused", async (_what, text, code) => {
    const repository = await startWith(["1.0.0"]);
    repository.publish("alias", { version: "1.0.0", tgz: makeChart("web", "1.0.0") });
    const at = await desk(await startRegistry());
    await expect(packCharts(at, [`${repository.url}${text}`])).rejects.toMatchObject({ code });
  });

  it("is named as Helm's configuration does, and let in with the login from there", async () => {
    const repository = await startWith(["1.0.0"]);
    repository.door = ({ headers }) => (headers.authorization === undefined ? 401 : undefined);
    const known: KnownRepositories = {
      login: async () => ({ username: "ada", password: "secret" }),
      urlOf: async (name) => (name === "stable" ? repository.url : undefined),
    };
    const at = await desk(await startRegistry());
    const { plan } = await packCharts(at, ["@stable#web"], { repositories: known });
    expect(plan.contents).toMatchObject([{ reference: "charts/web:1.0.0" }]);
    await expect(packCharts(at, ["@other#web"], { repositories: known })).rejects.toMatchObject({
      code: "DRAY_CHART_REPOSITORY_UNKNOWN",
    });
  });

  it("is found as Helm names it, and behind no name of a registry", async () => {
    const repository = await startWith(["1.0.0"]);
    const at = await desk(await startRegistry());
    const repositories = stableAt(repository.url);
    const { plan } = await packCharts(at, ["stable/web:^1"], { repositories });
    expect(plan.contents).toMatchObject([{ reference: "charts/web:1.0.0" }]);
    const refused = await refusal(() =>
      packCharts(at, ["stable/web"], { repositories: stableAt("oci://r.example/charts/") }),
    );
    expect(refused.hint).toContain("Write oci://r.example/charts/CHART.");
    const missing = await refusal(() => packCharts(at, ["other/web"], { repositories }));
    expect(missing.message).toContain("no such file");
  });
});
