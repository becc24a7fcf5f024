import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gzipBomb } from "../../fixtures/archives.ts";
import {
  chartFileMap,
  chartYaml,
  makeChartOf,
  packedChart,
  subchart,
} from "../../fixtures/charts.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { loadChartArchive, loadChartFiles } from "../../src/chart/load-chart.ts";
import { readChart } from "../../src/chart/read-chart.ts";
import type { Chart } from "../../src/chart/chart.ts";
import { refusal } from "../refusal.ts";

const dependsOn = (name: string, more = ""): string =>
  chartYaml(
    "demo",
    `dependencies:\n- {name: ${name}, version: 1.x, repository: "https://r"${more}}\n`,
  );

async function directoryOf(texts: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryDirectory();
  for (const [path, bytes] of chartFileMap(texts)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return root;
}

async function loadDirectory(root: string): Promise<Chart> {
  return loadChartFiles((await readChart(root)).files, root);
}

describe("a chart", () => {
  it("is read alike, packed and from a directory", async () => {
    const texts = { "values.yaml": "a: 1\n", "templates/a.yaml": "x" };
    const root = await directoryOf(texts);
    const packed = await loadChartArchive(packedChart(texts), "demo");
    const unpacked = await loadDirectory(root);
    expect([...unpacked.files.keys()].toSorted()).toEqual([...packed.files.keys()].toSorted());
    expect(unpacked.values).toEqual(packed.values);
  });

  it("leaves out what .helmignore names, with everything below", async () => {
    const root = await directoryOf({
      ".helmignore": "# comment\n*.bak\n/ci/\n",
      "a.bak": "x",
      "ci/values.yaml": "x: 1",
      "templates/.hidden": "x",
      "keep.txt": "x",
    });
    const chart = await loadDirectory(root);
    expect([...chart.files.keys()].toSorted()).toEqual([".helmignore", "Chart.yaml", "keep.txt"]);
  });

  it("has what links within its directory lead to, files and directories", async () => {
    const root = await directoryOf({ "ci/a.yaml": "a: 1\n", "files/x.txt": "x" });
    await symlink("ci/a.yaml", join(root, "values.yaml"));
    await symlink("../files", join(root, "ci/more"));
    const chart = await loadDirectory(root);
    expect(chart.values).toEqual(new Map([["a", 1]]));
    expect(chart.files.get("ci/more/x.txt")?.toString()).toBe("x");
  });

  it("refuses a link out of its directory, and says how it may lead there", async () => {
    const parent = await directoryOf({});
    const root = join(parent, "chart");
    await mkdir(root);
    await writeFile(join(parent, "shared.yaml"), "a: 1\n");
    await writeFile(join(root, "Chart.yaml"), chartYaml("demo"));
    await symlink("../shared.yaml", join(root, "values.yaml"));
    const error = await refusal(() => readChart(root));
    expect(error.message).toContain('"values.yaml" is a link out of it');
    expect(error.hint).toContain("--chart-root DIR");
    const { files } = await readChart(root, { chartRoot: parent });
    expect(files.get("values.yaml")?.toString()).toBe("a: 1\n");
    const elsewhere = await refusal(async () =>
      readChart(root, { chartRoot: await directoryOf({}) }),
    );
    expect(elsewhere.code).toBe("DRAY_CHART_INVALID");
  });

  it.each([
    ["its own directory", ".", "it lies in"],
    ["itself", "loop", "leads nowhere"],
    ["nothing", "gone", "leads nowhere"],
    ["something in a file", "Chart.yaml/x", "leads nowhere"],
  ])("refuses a link to %s, unless .helmignore leaves it out", async (_what, target, reason) => {
    const root = await directoryOf({});
    await symlink(target, join(root, "loop"));
    expect((await refusal(() => loadDirectory(root))).message).toContain(reason);
    await writeFile(join(root, ".helmignore"), "loop\n");
    expect((await loadDirectory(root)).files.has("loop")).toBe(false);
  });

  it("refuses links that multiply, before they have filled the memory", async () => {
    const root = await directoryOf({ "d0/a.txt": "a" });
    for (let level = 1; level < 20; level++) {
      await mkdir(join(root, `d${level}`));
      for (const side of ["l", "r"]) {
        await symlink(`../d${level - 1}`, join(root, `d${level}`, side));
      }
    }
    expect((await refusal(() => loadDirectory(root))).message).toContain("it has more than");
  });

  it.each(["a/**", "[b-a]"])("refuses a .helmignore that Helm cannot read: %s", async (rule) => {
    const root = await directoryOf({ ".helmignore": `*.bak\n${rule}\n` });
    expect((await refusal(() => loadDirectory(root))).message).toContain(".helmignore, line 2");
  });

  it("refuses a link and a device in a packed chart", async () => {
    for (const type of ["1", "2", "3"]) {
      const tgz = packedChart({}, { more: [{ name: "demo/x", type, link: "/etc/passwd" }] });
      const error = await refusal(() => loadChartArchive(tgz, "demo"));
      expect(error.code).toBe("DRAY_CHART_INVALID");
    }
  });

  it("refuses a file that Helm would refuse for its size", async () => {
    const big = Buffer.alloc(5 * 1024 * 1024 + 1);
    const error = await refusal(() => loadChartArchive(packedChart({ "big.bin": big }), "demo"));
    expect(error.message).toContain("big.bin has");
  });

  it("refuses a chart beside which gigabytes lie, before they are unpacked", async () => {
    for (const name of ["beside.bin", "demo/inside.bin"]) {
      const bomb = gzipBomb({ name, size: 2 * 1024 ** 3 });
      const error = await refusal(() => loadChartArchive(bomb, "demo"));
      expect(error.message).toContain("bytes");
    }
  });

  it.each(["..", ".", "a/b", "../x"])("refuses the name %s", async (name) => {
    const texts = { "Chart.yaml": chartYaml("demo").replace("demo", name) };
    expect((await refusal(() => makeChartOf(texts))).code).toBe("DRAY_CHART_INVALID");
  });

  it("takes a byte order mark, CRLF and a description over several lines", async () => {
    const text =
      '\uFEFFapiVersion: v2\r\nname: demo\r\nversion: 1.0.0\r\ndescription: "a\r\nb"\r\n';
    const chart = await makeChartOf({
      "Chart.yaml": text,
      "values.yaml": "\uFEFFa: 1\r\nb: x\r\n",
    });
    expect(chart.metadata.version).toBe("1.0.0");
    expect([...chart.values]).toEqual([
      ["a", 1],
      ["b", "x"],
    ]);
  });

  it.each([
    ["1.10", "1.1"],
    ["'1.10'", "1.10"],
    ["0x10", "16"],
    ["010", "8"],
    ["1e3", "1000"],
    ["1e6", "1e+06"],
    ["1_000", "1000"],
    ["18446744073709551615", "18446744073709551615"],
    ["18446744073709551616", "1.8446744e+19"],
    ["2024-01-01", "2024-01-01"],
    ["yes", "true"],
    ["Off", "false"],
    ["'yes'", "yes"],
    ["null", null],
    ["'null'", "null"],
    [".inf", "+Inf"],
  ])("reads %s as the text that Helm has", async (written, text) => {
    const chart = await makeChartOf({ "Chart.yaml": chartYaml("demo").replace("1.2.3", written) });
    expect(chart.metadata.appVersion).toBe(text);
  });

  it("refuses an alias that Helm refuses", async () => {
    const text = "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: b, alias: b.c}]\n";
    const error = await refusal(() => makeChartOf({ "Chart.yaml": text }));
    expect(error.message).toContain("alias: expected letters, digits, dashes and underscores");
  });

  it("refuses values that are no mapping", async () => {
    const error = await refusal(() => makeChartOf({ "values.yaml": "- a\n" }));
    expect(error.message).toBe("Cannot read values.yaml of demo: expected a mapping");
  });
});

describe("subcharts", () => {
  it("are read packed or unpacked, at any depth", async () => {
    const inner = packedChart({ "values.yaml": "deep: true\n" }, { name: "inner" });
    const middle = packedChart({ "charts/inner-1.0.0.tgz": inner }, { name: "middle" });
    const files = chartFileMap(subchart("plain", {}));
    files.set("charts/middle-1.0.0.tgz", middle);
    const chart = await loadChartFiles(files, "demo");
    expect(chart.subcharts.map(({ path }) => path)).toEqual(["charts/middle", "charts/plain"]);
    const [deepest] = chart.subcharts[0]?.subcharts ?? [];
    expect(deepest?.path).toBe("charts/middle/charts/inner");
    expect(deepest?.values.get("deep")).toBe(true);
  });

  it("that are named and not there are missing", async () => {
    const chart = await makeChartOf({ "Chart.yaml": dependsOn("redis") });
    expect(chart.missing.map(({ name }) => name)).toEqual(["redis"]);
  });

  it("of another version than asked for are there, as for Helm", async () => {
    const texts = {
      "Chart.yaml": dependsOn("redis").replace("1.x", "2.x"),
      ...subchart("redis", {}),
    };
    expect((await makeChartOf(texts)).missing).toEqual([]);
  });

  it("of a chart with apiVersion v1 are named in requirements.yaml", async () => {
    const chart = await makeChartOf({
      "Chart.yaml": chartYaml("demo").replace("v2", "v1"),
      "requirements.yaml": "dependencies:\n- name: redis\n  version: 1.x\n",
    });
    expect(chart.missing.map(({ name }) => name)).toEqual(["redis"]);
  });

  it("are not looked for in what begins with a dot or an underscore, or is no chart", async () => {
    const chart = await makeChartOf({
      "charts/_old/Chart.yaml": "x",
      "charts/.git/Chart.yaml": "x",
      "charts/README.md": "x",
    });
    expect(chart.subcharts).toEqual([]);
  });

  it("that are packed into each other without end are refused", async () => {
    let tgz = packedChart({}, { name: "a" });
    for (let level = 0; level < 20; level++) {
      tgz = packedChart({ "charts/a-1.0.0.tgz": tgz }, { name: "a" });
    }
    const error = await refusal(() => loadChartArchive(tgz, "demo"));
    expect(error.message).toContain("nest deeper than 16 levels");
  });
});
