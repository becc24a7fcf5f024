import { expect, it } from "vitest";
import { makeChartOf } from "../../fixtures/charts.ts";
import { Coverage } from "../../src/discover/branches.ts";
import { isNotable } from "../../src/discover/image-key.ts";
import { renderTrial, type Rendered } from "../../src/discover/render-trial.ts";
import { renderFiles, RenderSession, type RenderedFile } from "../../src/helm/render/render.ts";
import { TemplateParser, templateSet } from "../../src/helm/render/template-set.ts";
import type { Override } from "../../src/helm/render/values-tree.ts";
import { Budget } from "../../src/helm/template/budget.ts";
import { composeChart } from "../../src/helm/values/compose.ts";

it("renders all files where one of them sets other values for these, and no more than that again", async () => {
  const chart = await makeChartOf({
    "values.yaml": "common: {on: false}\npart: {}\nkey: ''\n",
    "templates/z.yaml": `{{ if .Values.common.on }}{{ $_ := set .Values "part" (dict "image" "a") }}{{ end }}
{{ if .Values.key }}image: b:1{{ end }}`,
    "templates/a.yaml": "{{ with .Values.part }}image: {{ .image }}:1{{ end }}",
  });
  const root = composeChart(chart, new Map());
  const set = templateSet(root, new TemplateParser(isNotable));
  const session = new RenderSession(isNotable);
  const options = { budget: new Budget(), cluster: {}, release: {}, session };
  const rendered: Rendered = {
    root,
    set,
    options,
    coverage: new Coverage(set, new Map()),
    files: renderFiles(root, set, options),
  };
  const only = new Set(["demo/templates/z.yaml"]);
  const trial = (
    overrides: readonly Override[],
    shown: readonly RenderedFile[] = [],
  ): readonly RenderedFile[] => renderTrial(rendered, { ...options, overrides }, { only, shown });
  const on: Override = { path: ["common", "on"], value: true };
  const key: Override = { path: ["key"], value: "set" };
  expect(pathsOf(trial([key]))).toEqual(["templates/z.yaml"]);
  const shown = trial([on]);
  expect(pathsOf(shown)).toEqual(["templates/z.yaml", "templates/a.yaml"]);
  expect(pathsOf(trial([on, key], shown))).toEqual(["templates/z.yaml"]);
  expect(pathsOf(trial([on, key]))).toEqual(["templates/z.yaml", "templates/a.yaml"]);
});

function pathsOf(files: readonly RenderedFile[]): string[] {
  return files.map(({ file }) => file.path);
}
