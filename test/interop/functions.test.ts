import { describe, expect, it } from "vitest";
import { makeChartOf } from "../../fixtures/charts.ts";
import { renderChart } from "../../fixtures/rendered-chart.ts";
import type { Chart } from "../../src/chart/chart.ts";
import { defaults } from "../../src/defaults.ts";
import { openHelmRenderer } from "../../src/discover/helm-binary.ts";
import { FUNCTIONS } from "../../src/helm/template/functions/functions.ts";
import { TemplateParser, templateSet } from "../../src/helm/render/template-set.ts";
import { composeChart } from "../../src/helm/values/compose.ts";
import { CALLS, SHAPES } from "./function-calls.ts";
import { REFUSED, REFUSED_ACTIONS, TYPED } from "./typed-calls.ts";

const MARK = "--8<--";

/** Values with everything that YAML has. */
const VALUES = `
list: [1, 2]
words: [a, b, c]
table: {x: 1, y: two}
deep: {a: {b: [1, {c: d}], e: yes}, f: 1.5}
number: 3
half: 0.5
big: 20240101
flag: true
nothing: null
text: some text
template: "{{ .Values.text | upper }}"
`;

/** A chart that prints each call as JSON between marks; marks are in no result. */
function chartOf(calls: readonly string[]): Promise<Chart> {
  const printed = calls.map(
    (call) => `{{ toJson (toString (${call})) }}{{/* a time is no JSON */}}`,
  );
  return makeChartOf({
    "Chart.yaml":
      "apiVersion: v2\nname: demo\nversion: 1.0.0\nannotations: {a: '1'}\nmaintainers: [{name: Ann, email: a@b}, {name: Bob}]\n",
    "lines.txt": "one\ntwo\n",
    "values.yaml": VALUES,
    "templates/_called.tpl": '{{ define "called" }}a is {{ .a }}{{ end }}',
    "templates/printed.yaml": `# ${MARK}${printed.join(MARK)}${MARK}`,
  });
}

function textsIn(printed: string): string[] {
  return printed
    .split(MARK)
    .slice(1, -1)
    .map((text) => JSON.parse(text) as string);
}

async function printedHere(calls: readonly string[]): Promise<string[]> {
  const [file] = renderChart(await chartOf(calls), { kubeVersion: "v1.35.0" });
  expect(file?.problems).toEqual([]);
  return textsIn(file?.text ?? "");
}

async function printedByHelm(helm: string, calls: readonly string[]): Promise<string[]> {
  const renderer = await openHelmRenderer(await chartOf(calls), { helm, kubeVersion: "v1.35.0" });
  try {
    return textsIn(await renderer.render(new Map()));
  } finally {
    await renderer.close();
  }
}

/** A number of values is a float, and what is computed an `int64`: functions that count want an `int`, as only a constant can become one. */
const NO_INTS = [
  "until .Values.number",
  "until (add 1 2)",
  'nindent .Values.number "a"',
  'trunc (int64 3) "abcdef"',
  "until 3.5",
  "until (3.0)",
  "3.0 | until",
];

const calls = Object.values(CALLS).flat();
const shapes = Object.values(SHAPES).flat();

describe("functions of templates", () => {
  it("are all in the table of calls", () => {
    const named = new Set([...Object.keys(CALLS), ...Object.keys(SHAPES), ...NEWER]);
    expect([...FUNCTIONS.keys()].filter((name) => !named.has(name))).toEqual([]);
    expect([...named].filter((name) => !FUNCTIONS.has(name) && !WORDS.has(name))).toEqual([]);
  });

  it("give what Helm's give, call by call", async (context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    const wanted = await printedByHelm(helm, calls);
    expect(await eachHere(calls)).toEqual(pairs(calls, wanted));
  });

  it.for(NO_INTS)("refuse what Helm's refuse: %s", async (call, context) => {
    const [file] = renderChart(await chartOf([call]), { kubeVersion: "v1.35.0" });
    const reasons = file?.problems.map(({ reason }) => reason) ?? [];
    expect(reasons).toEqual([expect.stringMatching(/expected int, found (?:float64|int64)/)]);
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    await expect(printedByHelm(helm, [call])).rejects.toThrow(
      /expected int(?:; got (?:float|int)64|eger; found 3\.5)/,
    );
  });

  it("tell Go's types apart as Helm's do", async (context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    const wanted = await printedByHelm(helm, TYPED);
    expect(await eachHere(TYPED)).toEqual(pairs(TYPED, wanted));
  });

  it.for(REFUSED)("refuse what Helm's refuse, whatever the words: %s", async (call, context) => {
    const [file] = renderChart(await chartOf([call]), { kubeVersion: "v1.35.0" });
    expect(file?.problems).toHaveLength(1);
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    await expect(printedByHelm(helm, [call])).rejects.toMatchObject({ code: "DRAY_HELM_FAILED" });
  });

  it.for(REFUSED_ACTIONS)(
    "stand where Helm takes them, and not so: %s",
    async (action, context) => {
      const chart = await makeChartOf({ "templates/a.yaml": `{{ ${action} }}` });
      const set = templateSet(composeChart(chart, new Map()), new TemplateParser());
      const problems = [...set.problems, ...renderChart(chart).flatMap((file) => file.problems)];
      expect(problems).toHaveLength(1);
      const helm = (await defaults().helm()) ?? context.skip("needs helm");
      const renderer = await openHelmRenderer(chart, { helm });
      try {
        await expect(renderer.render(new Map())).rejects.toMatchObject({
          code: "DRAY_HELM_FAILED",
        });
      } finally {
        await renderer.close();
      }
    },
  );

  it("that give something else each time can be called as Helm's can", async (context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    const names = shapes.map(([call]) => call);
    const printed = await printedByHelm(helm, names);
    for (const [index, [, shape]] of shapes.entries()) expect(printed[index]).toMatch(shape);
    expect(Object.keys(await eachHere(names))).toEqual(names);
  });
});

function pairs(names: readonly string[], texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((call, index) => [call, texts[index] ?? ""]));
}

/** One after the other: what one does to its values, the next does not see. */
async function eachHere(all: readonly string[]): Promise<Record<string, string>> {
  const texts: string[] = [];
  for (const call of all) texts.push(...(await printedHere([call])));
  return pairs(all, texts);
}

/** Part of the language, not looked up by their names. */
const WORDS: ReadonlySet<string> = new Set(["and", "or"]);

/** Not in the Helm of today: what came with Helm 4. */
const NEWER = ["mustToYaml"];
