import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeChart } from "../../fixtures/bundles.ts";
import { chartFileMap, chartYaml, packedChart, type ChartTexts } from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { startRun } from "../../src/events.ts";
import { openSources } from "../../src/intake/sources.ts";
import { loadChartArchive } from "../../src/chart/load-chart.ts";
import { obtainChart, type ObtainedChart } from "../../src/intake/charts/obtain-chart.ts";
import { parseChart } from "../../src/intake/recipe/chart-request.ts";
import { parseLock } from "../../src/intake/recipe/lock.ts";
import { startRepository } from "../remote/chart-repository/lab.ts";
import { QUICK, startRegistry } from "../remote/registry/lab.ts";
import { desk, packImages, pushBundle, type Desk, type PackChanges } from "./lab.ts";

/** Writes a chart below `root`. */
async function writeChart(root: string, texts: ChartTexts): Promise<string> {
  for (const [path, bytes] of chartFileMap(texts)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return root;
}

/** The line of a dependency, in Chart.yaml and in Chart.lock. */
function dependency(name: string, version: string, repository: string): string {
  return `- { name: ${name}, version: "${version}", repository: "${repository}" }\n`;
}

/** An unpacked chart with these dependencies and, where it has one, this lock. */
async function chartWith(dependencies: string, lock?: string): Promise<string> {
  const directory = join(await temporaryDirectory(), "demo");
  return writeChart(directory, {
    "Chart.yaml": chartYaml("demo", `dependencies:\n${dependencies}`),
    ...(lock === undefined ? {} : { "Chart.lock": `dependencies:\n${lock}` }),
  });
}

async function obtain(path: string, chartRoot?: string): Promise<ObtainedChart> {
  const sources = openSources(
    {
      store: join(await temporaryDirectory(), "store"),
      registry: QUICK,
      chartRoot,
    },
    startRun({}),
  );
  try {
    return await obtainChart(parseChart(path), sources);
  } finally {
    await sources.close();
  }
}

function pack(at: Desk, path: string, changes: PackChanges = {}): ReturnType<typeof packImages> {
  return packImages(at, [], { ...changes, recipe: { charts: [parseChart(path)] } });
}

describe("a chart directory without its dependencies", () => {
  it("gets them from a chart repository as Chart.lock says, and is packed with them", async () => {
    const repository = await startRepository();
    const tgz = repository.publish("web", { version: "1.0.0" });
    repository.publish("web", { version: "1.1.0" });
    const { url } = repository;
    const path = await chartWith(dependency("web", "^1", url), dependency("web", "1.0.0", url));
    const { chart, lacks, tgz: packed } = await obtain(path);
    expect(chart.subcharts.map(({ metadata }) => metadata.version)).toEqual(["1.0.0"]);
    expect([chart.missing, lacks]).toEqual([[], []]);
    const [subchart] = (await loadChartArchive(packed, "demo.tgz")).subcharts;
    expect(subchart?.metadata).toMatchObject({ name: "web", version: "1.0.0" });
    expect(packed.includes(tgz)).toBe(true);
  });

  it("gets the newest that fits where there is no lock, or one that is out of date", async () => {
    const repository = await startRepository();
    for (const version of ["1.0.0", "2.0.0", "2.1.0"]) repository.publish("web", { version });
    const wanted = dependency("web", "^2", repository.url);
    for (const lock of [undefined, dependency("web", "1.0.0", repository.url)]) {
      const { chart } = await obtain(await chartWith(wanted, lock));
      expect(chart.subcharts.map(({ metadata }) => metadata.version)).toEqual(["2.1.0"]);
    }
  });

  it("gets one that has two aliases once", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    const line = `- { name: web, alias: ALIAS, version: "1.0.0", repository: "${repository.url}" }\n`;
    const both = line.replace("ALIAS", "one") + line.replace("ALIAS", "two");
    const { chart } = await obtain(await chartWith(both));
    expect([chart.subcharts.length, chart.missing]).toEqual([1, []]);
    expect(repository.paths().filter((path) => path.endsWith(".tgz"))).toHaveLength(1);
  });

  it("gets them from a registry, and the bundle's lock pins what was chosen", async () => {
    const registry = await startRegistry();
    const publish = async (version: string): Promise<void> => {
      const file = join(await temporaryDirectory(), "web.tgz");
      await writeFile(file, makeChart("web", version));
      const from = await desk(registry);
      await pack(from, file);
      await pushBundle(from.output, `${registry.host}/charts`);
    };
    await publish("1.0.0");
    const path = await chartWith(dependency("web", "^1", `oci://${registry.host}/charts`));
    const at = await desk(registry);
    const lockPath = join(at.directory, "bundle.lock.json");
    const first = await pack(at, path, { lockPath });
    const lock = parseLock(await readFile(lockPath), lockPath);
    expect([...lock.charts.keys()]).toEqual([`oci://${registry.host}/charts/web:^1`]);
    await publish("1.1.0");
    const locked = await pack(at, path, { lock, locked: true });
    expect(locked.written?.bundleDigest).toBe(first.written?.bundleDigest);
    const { plan } = await pack(at, path, { lock });
    expect(plan.moved.map(({ is }) => is)).toEqual([
      expect.stringMatching(/^1\.1\.0 sha256:/) as string,
    ]);
  });

  it("gets neighbors of its directory", async () => {
    const path = await chartWith(dependency("common", "1.0.0", "file://../lib/common"));
    await writeChart(join(path, "../lib/common"), { "Chart.yaml": chartYaml("common") });
    const { chart } = await obtain(path);
    expect(chart.subcharts.map(({ metadata }) => metadata.name)).toEqual(["common"]);
  });

  it("gets nothing from anywhere else on this host, not by a link either", async () => {
    const outside = await writeChart(join(await temporaryDirectory(), "common"), {
      "Chart.yaml": chartYaml("common"),
    });
    for (const place of [`file://${outside}`, "file://../../x/common", "file://../link"]) {
      const path = await chartWith(dependency("common", "1.0.0", place));
      await symlink(outside, join(path, "../link"));
      const { chart, failures } = await obtain(path);
      expect(chart.missing).toHaveLength(1);
      expect(failures).toMatchObject([{ code: "DRAY_CHART_DEPENDENCY_MISSING" }]);
    }
  });

  it("gets what lies below the directory that is named for it, and is told to name one", async () => {
    const root = await temporaryDirectory();
    await writeChart(join(root, "lib/common"), { "Chart.yaml": chartYaml("common") });
    const path = await writeChart(join(root, "team/apps/demo"), {
      "Chart.yaml": chartYaml(
        "demo",
        `dependencies:\n${dependency("common", "1.0.0", "file://../../../lib/common")}`,
      ),
    });
    const { chart, failures } = await obtain(path, root);
    expect([chart.missing, failures]).toEqual([[], []]);
    const refused = await obtain(path, join(root, "team"));
    expect(refused.failures[0]?.hint).toContain("--chart-root DIR");
  });

  it.each([
    ["is in no repository", dependency("web", "1.0.0", ""), "it is not packed into the chart"],
    [
      "is in one that nobody knows",
      dependency("web", "1.0.0", "@stable"),
      "Helm's configuration does not name it",
    ],
    ["has another scheme", dependency("web", "1.0.0", "git://h/web"), "begins with https://"],
    [
      "cannot be reached",
      dependency("web", "1.0.0", "http://127.0.0.1:1/"),
      "no answer from 127.0.0.1:1",
    ],
  ])("that %s is not packed, and says why", async (_what, line, reason) => {
    const at = await desk(await startRegistry());
    await expect(pack(at, await chartWith(line))).rejects.toMatchObject({
      code: "DRAY_CHART_DEPENDENCY_MISSING",
      message: expect.stringMatching(
        new RegExp(`Cannot get web 1.0.0, which chart demo depends on: .*${reason}`),
      ) as string,
    });
  });

  it("does not take another chart for the one that is wanted", async () => {
    const path = await chartWith(dependency("common", "^2", "file://../common"));
    await writeChart(join(path, "../common"), { "Chart.yaml": chartYaml("common") });
    const { failures } = await obtain(path);
    expect(failures[0]?.message).toContain("expected common ^2, found common 1.0.0");
  });
});

describe("a packed chart without its dependencies", () => {
  it("keeps its bytes, is looked into with them, and is carried with a warning", async () => {
    const repository = await startRepository();
    repository.publish("web", { version: "1.0.0" });
    const tgz = packedChart({
      "Chart.yaml": chartYaml("demo", `dependencies:\n${dependency("web", "1", repository.url)}`),
    });
    const path = join(await temporaryDirectory(), "demo.tgz");
    await writeFile(path, tgz);
    const found = await obtain(path);
    expect(found.tgz.equals(tgz)).toBe(true);
    expect(found.chart.subcharts.map(({ metadata }) => metadata.name)).toEqual(["web"]);
    expect([found.lacks, found.failures]).toEqual([["web"], []]);
    const { plan } = await pack(await desk(await startRegistry()), path);
    expect(plan.findings).toMatchObject([
      {
        code: "CHART_INCOMPLETE",
        severity: "warning",
        message: "charts/demo:1.0.0 does not hold what it depends on: web",
      },
    ]);
  });

  it("has no neighbors", async () => {
    const line = dependency("common", "1.0.0", "file://../common");
    const path = join(await temporaryDirectory(), "demo.tgz");
    await writeFile(
      path,
      packedChart({ "Chart.yaml": chartYaml("demo", `dependencies:\n${line}`) }),
    );
    const { failures } = await obtain(path);
    expect(failures[0]?.message).toContain("it is beside a chart that is packed");
  });
});
