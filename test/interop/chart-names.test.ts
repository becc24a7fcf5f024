import { describe, expect, it } from "vitest";
import { makeChartOf, type ChartTexts } from "../../fixtures/charts.ts";
import { renderChart } from "../../fixtures/rendered-chart.ts";
import { defaults } from "../../src/defaults.ts";
import { openHelmRenderer } from "../../src/discover/helm-binary.ts";

/** What YAML takes for something else than a text, unless it stands in quotes. */
const NAMES = ["y", "off", "1e3", "0x10"];

const PRINTED = "# {{ .Chart.Name }} {{ .Values.image }}\n";

const HEAD = "apiVersion: v2\nversion: 1.0.0\n";

function asNamed(name: string): ChartTexts {
  return {
    "Chart.yaml": `${HEAD}name: ${name}\n`,
    "values.yaml": "image: main\n",
    "templates/a.yaml": PRINTED,
  };
}

function asSubchart(name: string, values: string): ChartTexts {
  return {
    "Chart.yaml": `${HEAD}name: top\n`,
    "values.yaml": values,
    "charts/one/Chart.yaml": `${HEAD}name: ${name}\n`,
    "charts/one/values.yaml": "image: own\n",
    "charts/one/templates/a.yaml": PRINTED,
  };
}

function asDependency(name: string, values: string): ChartTexts {
  const condition = `${name.replaceAll("'", "")}.enabled`;
  const dependency = `{name: ${name}, version: 1.0.0, condition: ${condition}}`;
  return {
    ...asSubchart(name, values),
    "Chart.yaml": `${HEAD}name: top\ndependencies: [${dependency}]\n`,
  };
}

function asAlias(name: string, values: string): ChartTexts {
  const dependency = `{name: one, version: 1.0.0, alias: ${name}}`;
  return {
    ...asSubchart("one", values),
    "Chart.yaml": `${HEAD}name: top\ndependencies: [${dependency}]\n`,
  };
}

/** Charts in which a name stands, and values under it, with quotes and without. */
const CHARTS: readonly ChartTexts[] = NAMES.flatMap((name) => [
  asNamed(name),
  ...[name, `'${name}'`].flatMap((written) =>
    [`${name}: {image: plain}\n`, `'${name}': {image: quoted}\n`].flatMap((values) => [
      asSubchart(written, values),
      asDependency(written, values.replace("}", ", enabled: false}")),
      asAlias(written, values),
    ]),
  ),
]);

async function printedHere(texts: ChartTexts): Promise<string[]> {
  const files = renderChart(await makeChartOf(texts));
  expect(files.flatMap(({ problems }) => problems)).toEqual([]);
  return linesOf(files.map(({ text }) => text).join("\n"));
}

async function printedBy(helm: string, texts: ChartTexts): Promise<string[]> {
  const renderer = await openHelmRenderer(await makeChartOf(texts), { helm });
  try {
    return linesOf(await renderer.render(new Map()));
  } finally {
    await renderer.close();
  }
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => /^# (?!Source:)/.test(line));
}

describe("a name that YAML takes for something else", () => {
  it("is what Helm makes of it, and has the values that Helm finds for it", async (context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    for (const texts of CHARTS) {
      const label = JSON.stringify(texts);
      expect([label, await printedHere(texts)]).toEqual([label, await printedBy(helm, texts)]);
    }
  }, 120_000);

  it("of a subchart that has a dot finds no values, as with Helm", async (context) => {
    const texts = asSubchart("a.b", "a.b: {image: one}\na: {b: {image: two}}\n");
    expect(await printedHere(texts)).toEqual(["# a.b two"]);
    expect(await printedHere(asSubchart("a.b", "a.b: {image: one}\n"))).toEqual(["# a.b "]);
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    expect(await printedBy(helm, texts)).toEqual(["# a.b two"]);
  });
});

describe("a version of the application that stands without quotes", () => {
  it.for([
    ["20240101123456789", "20240101123456789"],
    ["1e6", "1e+06"],
    ["1.10", "1.1"],
    ["0x10", "16"],
    ["0x_", "0x_"],
    ["0xFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFF"],
    ["20240.1234", "20240.123"],
    ["1.23456789", "1.2345679"],
    ["2024.11055", "2024.1106"],
    ["16777217.0", "1.6777216e+07"],
    ["12345678901234567890123", "1.2345679e+22"],
    ["1e39", "+Inf"],
    ["yes", "true"],
  ] as const)("is to templates what it is with Helm: %s", async ([written, text], context) => {
    const texts = {
      "Chart.yaml": `${HEAD}name: one\nappVersion: ${written}\nkeywords: [${written}]\n`,
      "templates/a.yaml": "# {{ .Chart.AppVersion }} {{ .Chart.Keywords }}\n",
    };
    expect(await printedHere(texts)).toEqual([`# ${text} [${text}]`]);
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    expect(await printedBy(helm, texts)).toEqual([`# ${text} [${text}]`]);
  });
});
