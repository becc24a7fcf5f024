import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart } from "../../fixtures/charts.ts";
import type { Dict } from "../../src/helm/template/value.ts";
import { openSchemas } from "../../src/helm/values/schema.ts";
import { readUserValues } from "../../src/helm/values/user-values.ts";
import { Composer } from "../../src/repoint/composer.ts";
import { Renderer } from "../../src/repoint/rendering.ts";

const PRINTS_ALL = "{{ toYaml .Values }}{{ range $k, $v := .Values }}{{ $k }}{{ end }}";

const CHART = await makeChartOf({
  "Chart.yaml": chartYaml(
    "demo",
    "dependencies:\n- {name: sub, version: 1.x, condition: sub.enabled}\n- {name: own, version: 1.x}\n",
  ),
  "values.yaml":
    "global: {registry: a, deep: {one: {two: 1}}, plain: a, table: {a: 1}}\nmode: x\nlist: [a]\nmore: {}\nsub: {enabled: false}\nown: {image: i, global: {plain: {a: 1}, table: a}}\n",
  "templates/a.yaml": PRINTS_ALL,
  ...subchart("sub", { "values.yaml": "tag: 1\n", "templates/a.yaml": PRINTS_ALL }),
  ...subchart("own", {
    "values.yaml": "image: j\nglobal: {mine: true}\n",
    "templates/a.yaml": PRINTS_ALL,
  }),
});

const OTHERS = [
  "mode: y\nlist: [b, c]\n",
  "global: {registry: b, deep: {one: {two: 2}}, mine: false}\n",
  "global: {plain: b, table: {a: 2}}\n",
  "own: {image: k, more: 1}\n",
  "mode: null\n",
  "more: {table: {a: 1}}\n",
  "list: [{name: n}]\n",
  "sub: {enabled: true}\nmode: z\n",
];

async function valuesOf(text: string): Promise<Dict> {
  return readUserValues({ files: [{ name: "given", text }] });
}

async function newRenderer(): Promise<Renderer> {
  return new Renderer(CHART, {
    settings: {},
    problemsWith: await (await openSchemas(CHART)).ready(),
  });
}

describe("Composer", () => {
  it("renders values laid over the first ones as if there had been no others", async () => {
    const renderer = await newRenderer();
    for (const text of ["", ...OTHERS, ""]) {
      const installation = { values: await valuesOf(text), apis: [] };
      const printed = renderer.renderAll(installation).files.map((file) => file.text);
      const alone = (await newRenderer()).renderAll(installation).files.map((file) => file.text);
      expect({ text, printed }).toEqual({ text, printed: alone });
    }
  });

  it("takes tables of their own where another chart is on, something is gone or a table is new", async () => {
    const composer = new Composer(CHART);
    const first = composer.compose({ values: await valuesOf(""), apis: [] });
    const shared: boolean[] = [];
    for (const text of OTHERS) {
      shared.push(composer.compose({ values: await valuesOf(text), apis: [] }).on === first.on);
    }
    expect(shared).toEqual([true, true, true, true, false, false, false, false]);
  });
});
