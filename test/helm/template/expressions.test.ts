import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf } from "../../../fixtures/charts.ts";
import type { Chart } from "../../../src/chart/chart.ts";
import { defaults } from "../../../src/defaults.ts";
import { openHelmRenderer } from "../../../src/discover/helm-binary.ts";
import { renderChart } from "../../../fixtures/rendered-chart.ts";
import type { Value } from "../../../src/helm/template/value.ts";
import { EXPRESSIONS } from "./expressions.ts";
import { GO_EXPRESSIONS } from "./go-expressions.ts";

const ALL = { ...EXPRESSIONS, ...GO_EXPRESSIONS };

const MARK = "--8<--";

/** A chart that prints each expression between marks, so that no layout changes it. */
function chartOf(expressions: readonly string[]): Promise<Chart> {
  return makeChartOf({
    "Chart.yaml": chartYaml("demo").replace("1.2.3", "1.10"),
    "values.yaml": "big: 20240101\nhalf: 0.5\n",
    "f.txt": "one\ntwo\n",
    "docs/a.md": "x\n",
    "templates/_h.tpl": '{{ define "h" }}H{{ end }}',
    "templates/t22.yaml": `# ${MARK}${expressions.join(MARK)}${MARK}`,
    "templates/t24.yaml": "",
  });
}

async function printedHere(expressions: readonly string[]): Promise<string[]> {
  const files = renderChart(await chartOf(expressions), { kubeVersion: "v1.35.0" });
  const [file] = files.filter(({ text }) => text.includes(MARK));
  expect(file?.problems).toEqual([]);
  return (file?.text ?? "").split(MARK).slice(1, -1);
}

describe("an expression", () => {
  for (const [group, cases] of Object.entries(ALL)) {
    it.each(cases)(`prints what Helm prints (${group}): %s`, async (expression, wanted) => {
      const [printed] = await printedHere([expression.replace("t24.yaml", "t22.yaml")]);
      expect(printed).toBe(wanted.replace("t24.yaml", "t22.yaml"));
    });
  }

  it.each([
    'hasKey .Values.no "a"',
    'get .Values.no "a"',
    'set .Values.no "a" 1',
    'pick .Values.no "a"',
    'pluck "a" .Values.no',
    "keys .Values.no",
    "merge (dict) .Values.no",
    "mergeOverwrite .Values.no (dict)",
    '$x := dict "a" nil }}{{ merge (dict) $x.a',
  ])("fails where a table is looked up that is not there, as in Helm: %s", async (expression) => {
    const chart = await makeChartOf({ "templates/a.yaml": `{{ ${expression} }}` });
    const [file] = renderChart(chart, { kubeVersion: "v1.35.0" });
    expect(file?.problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/expected dict, found <nil>: (?:\.Values\.no|\$x\.a) has no value$/),
    ]);
  });

  it.each([
    ["merge nil (dict)", "map[]"],
    ['merge (dict "a" 1) (.Values.no)', "map[a:1]"],
    ['.Values.no | merge (dict "a" 1)', "map[a:1]"],
    ["$x := .Values.no }}{{ keys $x", "[]"],
  ])(
    "takes a nil that was not looked up by a name for an empty table: %s",
    async (expression, wanted) => {
      expect(await printedHere([`{{ ${expression} }}`])).toEqual([wanted]);
    },
  );

  it("is listed with what the helm at hand prints", async (context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    const cases = Object.values(ALL).flat();
    const chart = await chartOf(
      cases.map(([expression]) => `{{ toJson (tpl ${quoted(expression)} .) }}`),
    );
    const renderer = await openHelmRenderer(chart, { helm, kubeVersion: "v1.35.0" });
    try {
      const printed = (await renderer.render(new Map<string, Value>())).split(MARK).slice(1, -1);
      const texts = printed.map((text) => JSON.parse(text) as string);
      const wanted = cases.map(([, text]) => text.replace("t24.yaml", "t22.yaml"));
      expect(texts).toEqual(wanted);
    } finally {
      await renderer.close();
    }
  });
});

/** A Go string that stands for `text`. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
