import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../../fixtures/charts.ts";
import { renderChart } from "../../../fixtures/rendered-chart.ts";

const MORE = `description: a "thing" <b>
deprecated: yes
keywords: [k1]
annotations: {a: "1"}
maintainers:
- name: Ann
  email: a@b
- name: Bob
  url: https://b
  other: x
dependencies:
- {name: sub, version: 1.x, alias: aka, repository: "https://r", condition: aka.enabled, tags: [x], import-values: [data, {child: a.b, parent: p}]}
- {name: sub, version: 1.x, alias: away, condition: away.enabled}
- {name: sub, version: "*"}
`;

const TEXTS: ChartTexts = {
  "Chart.yaml": chartYaml("demo", MORE),
  "values.yaml": "away: {enabled: false}\n",
  "lines.txt": "one\ntwo\n",
  "empty.txt": "",
  ...subchart("sub", {}),
};

async function rendered(expression: string): Promise<string | readonly string[]> {
  const chart = await makeChartOf({ ...TEXTS, "templates/a.yaml": `{{ ${expression} }}` });
  const [file] = renderChart(chart, { kubeVersion: "1.31.2-eks-1" });
  const problems = file?.problems.map(({ reason }) => reason) ?? [];
  return problems.length > 0 ? problems : (file?.text ?? "");
}

describe("what templates are given", () => {
  it.each([
    ["(index .Chart.Maintainers 0).Name", "Ann"],
    ["(first .Chart.Maintainers).Email", "a@b"],
    ["range .Chart.Maintainers }}{{ . }}{{ end", "{Ann a@b }{Bob  https://b}"],
    [
      "toJson .Chart.Maintainers",
      '[{"name":"Ann","email":"a@b"},{"name":"Bob","url":"https://b"}]',
    ],
    ["toYaml .Chart.Maintainers", "- email: a@b\n  name: Ann\n- name: Bob\n  url: https://b"],
    ['printf "%v" (index .Chart.Maintainers 1)', "&{Bob  https://b}"],
    ["kindOf (index .Chart.Maintainers 0)", "ptr"],
    ["typeOf .Chart.Maintainers", "[]*chart.Maintainer"],
    ["len .Chart.Dependencies", "2"],
    ["(index .Chart.Dependencies 0).Name", "aka"],
    ["(index .Chart.Dependencies 0).Alias", "aka"],
    [
      "index .Chart.Dependencies 0",
      "{aka 1.x https://r aka.enabled [x] true [map[child:exports.data parent:.] map[child:a.b parent:p]] aka}",
    ],
    [
      "toJson (index .Chart.Dependencies 1)",
      '{"name":"sub","version":"*","repository":"","enabled":true}',
    ],
    [".Chart.Metadata.AppVersion", "1.2.3"],
    [".Chart.Deprecated", "true"],
    [
      "toJson .Subcharts.aka.Chart",
      '{"name":"aka","version":"1.0.0","apiVersion":"v2","appVersion":"1.2.3","IsRoot":false}',
    ],
    [".Subcharts.aka.Chart", "{{aka  [] 1.0.0  [] []  v2   1.2.3 false map[]  [] } false}"],
    [".Capabilities.KubeVersion", "v1.31.2"],
    [".Capabilities.KubeVersion.GitVersion", "v1.31.2"],
    ["toString .Capabilities.KubeVersion", "{v1.31.2 1 31}"],
    ["toJson .Capabilities.KubeVersion", '{"Version":"v1.31.2","Major":"1","Minor":"31"}'],
    ["typeOf .Capabilities", "*chartutil.Capabilities"],
    ["typeOf .Capabilities.APIVersions", "chartutil.VersionSet"],
    ["typeOf .Values", "chartutil.Values"],
    ['.Values.PathValue "away.enabled"', "false"],
    ['toJson (.Values.Table "away")', '{"enabled":false}'],
    ['.Files.Lines "lines.txt"', "[one two]"],
    ['.Files.Lines "none"', "[]"],
    ['toJson (semver "v1.2.3")', '"1.2.3"'],
  ])("prints {{ %s }} as Helm does", async (expression, text) => {
    expect(await rendered(expression)).toBe(text);
  });

  it.each([
    ["(index .Chart.Maintainers 0).name", "can't evaluate field name in type *chart.Maintainer"],
    [".Chart.Foo", "can't evaluate field Foo in type struct { chart.Metadata; IsRoot bool }"],
    ['.Values.Table "none"', '"none" is not a table'],
    ['.Values.PathValue "away"', '"away" is not a value'],
    ['.Values.PathValue "none.enabled"', '"none.enabled" is not a value'],
    ['.Files.Lines "empty.txt"', "index out of range [-1]: the file is empty"],
  ])("refuses {{ %s }} as Helm does", async (expression, reason) => {
    expect(await rendered(expression)).toEqual([reason]);
  });
});
