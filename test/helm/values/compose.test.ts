import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../../fixtures/charts.ts";
import { Budget } from "../../../src/helm/template/budget.ts";
import { writeJson } from "../../../src/helm/template/print.ts";
import { allInstances, composeChart, type Instance } from "../../../src/helm/values/compose.ts";
import { readValues } from "../../../src/chart/load-chart.ts";
import { readUserValues, type ValueSet } from "../../../src/helm/values/user-values.ts";
import { refusal } from "../../refusal.ts";

async function compose(texts: ChartTexts, values = ""): Promise<Instance> {
  return composeChart(await makeChartOf(texts), readValues(values, "given"));
}

function valuesOf(root: Instance, ...path: string[]): unknown {
  const found = allInstances(root).find((one) => one.path.join(".") === path.join("."));
  return found === undefined
    ? undefined
    : JSON.parse(writeJson(found.values, { budget: new Budget() }));
}

const withDependencies = (lines: string): string => chartYaml("demo", `dependencies:\n${lines}`);

describe("composeChart()", () => {
  it("lets the parent's values count before the subchart's, and the given ones first", async () => {
    const root = await compose(
      {
        "values.yaml": "sub: {a: parent, b: parent}\n",
        ...subchart("sub", { "values.yaml": "a: own\nb: own\nc: own\n" }),
      },
      "sub: {a: given}\n",
    );
    expect(valuesOf(root, "sub")).toEqual({ a: "given", b: "parent", c: "own", global: {} });
  });

  it("takes a default away that is given as null", async () => {
    const root = await compose(
      { "values.yaml": "a: 1\nb: {c: 2, d: 3}\n" },
      "a: null\nb: {c: null}\n",
    );
    expect(valuesOf(root)).toEqual({ b: { d: 3 } });
  });

  it("takes a null away within a table that the chart has, whatever the chart says there", async () => {
    const root = await compose(
      { "values.yaml": "a: {b: 1, c: null}\n" },
      "a: {c: null, d: null, e: {f: null}}\ng: null\nh: {i: null}\n",
    );
    expect(valuesOf(root)).toEqual({ a: { b: 1, e: { f: null } }, g: null, h: { i: null } });
  });

  it("hands globals down to every depth", async () => {
    const inner = subchart("inner", { "values.yaml": "global: {x: own, z: own}\n" });
    const middle = subchart("middle", inner);
    const root = await compose({ "values.yaml": "global: {x: top}\n", ...middle });
    expect(valuesOf(root, "middle", "inner")).toEqual({ global: { x: "top", z: "own" } });
  });

  it("keeps a subchart under each of its aliases", async () => {
    const root = await compose({
      "Chart.yaml": withDependencies(
        "- {name: sub, version: 1.x, alias: one}\n- {name: sub, version: 1.x, alias: two}\n",
      ),
      "values.yaml": "two: {a: 2}\n",
      ...subchart("sub", { "values.yaml": "a: 1\n" }),
    });
    expect(root.children.map(({ name }) => name)).toEqual(["one", "two"]);
    expect(valuesOf(root, "one")).toMatchObject({ a: 1 });
    expect(valuesOf(root, "two")).toMatchObject({ a: 2 });
  });

  it("leaves out what a condition switches off, and says which setting brings it in", async () => {
    const root = await compose({
      "Chart.yaml": withDependencies(
        '- {name: sub, version: 1.x, condition: "sub.enabled,global.enabled"}\n',
      ),
      "values.yaml": "sub: {enabled: false}\n",
      ...subchart("sub", {}),
    });
    expect(root.children).toEqual([]);
    expect(root.disabled.map((one) => one.switch)).toEqual([
      { path: ["sub", "enabled"], value: true },
    ]);
  });

  it("takes the first condition that is set, and the tags where none is", async () => {
    const texts = {
      "Chart.yaml": withDependencies(
        '- {name: sub, version: 1.x, condition: "none.enabled,global.enabled", tags: [back]}\n',
      ),
      "values.yaml": "tags: {back: false}\n",
      ...subchart("sub", {}),
    };
    expect((await compose(texts)).disabled.map((one) => one.switch.path)).toEqual([
      ["tags", "back"],
    ]);
    expect((await compose(texts, "global: {enabled: true}\n")).children).toHaveLength(1);
  });

  it("takes a condition below the subchart whose dependency it is", async () => {
    const root = await compose({
      "values.yaml": "middle: {inner: {enabled: false}}\n",
      ...subchart("middle", {
        "Chart.yaml": chartYaml(
          "middle",
          "dependencies:\n- {name: inner, version: 1.x, condition: inner.enabled}\n",
        ),
        ...subchart("inner", {}),
      }),
    });
    const [middle] = root.children;
    expect(middle?.disabled[0]?.switch.path).toEqual(["middle", "inner", "enabled"]);
  });

  it("imports values of a subchart, below what the parent says itself", async () => {
    const root = await compose({
      "Chart.yaml": withDependencies(
        "- {name: sub, version: 1.x, import-values: [data, {child: own, parent: mine}]}\n",
      ),
      "values.yaml": "port: 1\n",
      ...subchart("sub", { "values.yaml": "exports: {data: {port: 2, host: h}}\nown: {k: v}\n" }),
    });
    expect(valuesOf(root)).toMatchObject({ port: 1, host: "h", mine: { k: "v" } });
  });

  it("includes a subchart that nobody names", async () => {
    const root = await compose(subchart("extra", {}));
    expect(root.children.map(({ source }) => source)).toEqual(["demo/charts/extra"]);
  });
});

describe("what stands under the name of a subchart", () => {
  const texts: ChartTexts = { "values.yaml": "own: 1\n", ...subchart("sub", {}) };

  it.each([
    ["sub: 5", "a number"],
    ["sub: null", "null"],
    ["sub: [1]", "a list"],
    ["sub: secret", "a text"],
    ["sub: true", "true or false"],
  ])("is a table: %s is refused, as by Helm", async (values, words) => {
    const error = await refusal(() => compose(texts, values));
    expect(error).toMatchObject({ code: "DRAY_VALUES_INVALID", kind: "usage" });
    expect(error.message).toContain(`sub is ${words} in the values given, expected a table`);
  });

  it("is refused with the name of the file or flag that says so", async () => {
    const chart = await makeChartOf(texts);
    const said = async (set: ValueSet): Promise<string> =>
      (await refusal(async () => composeChart(chart, await readUserValues(set)))).message;
    const file = { name: "prod.yaml", text: "sub: 5\n" };
    expect(await said({ files: [file] })).toContain('in "prod.yaml"');
    expect(await said({ files: [file], set: ["own=2", "sub=6"] })).toContain("in --set,");
  });

  it("is refused in a chart's own values, also of a chart above and when it is switched off", async () => {
    const listed = withDependencies("- {name: sub, version: 1.x, condition: own.on}\n");
    const own = { ...texts, "Chart.yaml": listed, "values.yaml": "sub: 5\n" };
    const error = await refusal(() => compose(own, "own: {on: false}"));
    expect(error).toMatchObject({ code: "DRAY_VALUES_INVALID", kind: "refused" });
    expect(error.message).toContain('sub is a number in "values.yaml"');
    const inner = subchart("sub", {
      "Chart.yaml": chartYaml("sub", "dependencies:\n- {name: own, version: 1.x}\n"),
      ...subchart("own", {}),
    });
    const below = { ...texts, ...inner, "Chart.yaml": listed };
    expect((await refusal(() => compose(below))).message).toContain(
      'sub.own is a number in "values.yaml"',
    );
  });
});
