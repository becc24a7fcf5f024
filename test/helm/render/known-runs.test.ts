import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../../fixtures/charts.ts";
import {
  compareRenderings,
  problemsOf,
  randomSettings,
  stepsOf,
} from "../../../fixtures/repeated-renderings.ts";
import { Budget } from "../../../src/helm/template/budget.ts";
import type { Override } from "../../../src/helm/render/values-tree.ts";

/** Does everything that a rendering could carry over into the next one. */
const TANGLED: ChartTexts = {
  "Chart.yaml": chartYaml("demo", "dependencies:\n- {name: sub, version: 1.x, alias: other}\n"),
  "values.yaml": `
global: {registry: reg, deep: {tag: "1", use: false}}
image: {repository: app, tag: "", digest: null}
enabled: false
mode: a
count: 2
labels: {team: x}
list: [{name: one, use: true}, {name: two, use: false}]
text: '{{ .Values.mode }}-{{ .Values.global.registry }}'
empty: {}
sub: {ignored: 1}
other: {use: true, inner: {value: 1}}
plain: {use: true, list: [a, b]}
`,
  "files/a.txt": "a {{ .Values.mode }}",
  "files/b.txt": "b",
  "templates/_h.tpl": `
{{ define "name" }}{{ .Values.mode }}-{{ .Chart.Name }}{{ end }}
{{ define "image" }}{{ .root.Values.global.registry }}/{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}{{ end }}
{{ define "count" }}{{ $n := add1 (.Values.seen | default 0) }}{{ $_ := set .Values "seen" $n }}{{ $n }}{{ end }}
{{ define "stored" }}{{ if not (hasKey . "cache") }}{{ $_ := set . "cache" (dict "n" 0) }}{{ end }}{{ $_ := set .cache "n" (add1 .cache.n) }}{{ .cache.n }}{{ end }}
{{ define "changes" }}{{ $_ := set .box "n" (add1 .box.n) }}{{ .box.n }}{{ end }}
{{ define "reads" }}{{ .box.n }}{{ end }}
{{ define "refuses" }}{{ if eq .Values.mode "b" }}{{ fail "not b" }}{{ end }}{{ required "tag wanted" .Values.image.tag }}{{ end }}
{{ define "whole" }}{{ toYaml .Values.labels }}{{ len .Values.empty }}{{ range $k, $v := .Values.labels }}{{ $k }}{{ $v }}{{ end }}{{ keys .Values.global | sortAlpha }}{{ end }}
{{ define "asks" }}{{ if .Capabilities.APIVersions.Has "x/v1" }}x{{ end }}{{ .Capabilities.KubeVersion.Minor }}{{ end }}
{{ define "shape" }}{{ if .Values.empty }}filled{{ end }}{{ with .Values.labels }}{{ .team }}{{ end }}{{ kindOf .Values.count }}{{ hasKey .Values.image "digest" }}{{ dig "deep" "use" "none" .Values.global }}{{ pluck "team" .Values.labels .Values.empty }}{{ coalesce .Values.empty .Values.labels }}{{ end }}
{{ define "merged" }}{{ $all := merge (dict "extra" .Values.enabled) .Values.labels (deepCopy .Values.global) }}{{ toJson $all }}{{ omit .Values.image "tag" | toJson }}{{ pick .Values.image "tag" | toJson }}{{ end }}
{{ define "redefined" }}parent {{ .Values.use }}{{ end }}
{{ define "borrows" }}{{ $_ := set . "mode" (.root.Values.mode | default "none") }}{{ include "lent" . }}{{ $_ := unset . "mode" }}{{ if .mode }}kept{{ end }}{{ end }}
{{ define "lent" }}{{ .mode }}{{ .extra }}{{ .root.Values.image.repository }}{{ end }}
{{ define "fails" }}{{ .root.Values.mode }}{{ .root.Values.count.none }}{{ include "refuses" .root }}{{ required "extra wanted" .extra }}{{ end }}
`,
  "templates/a.yaml": `
# {{ include "name" . }} {{ include "image" (dict "root" $ "image" .Values.image) }}
image: {{ include "image" (dict "image" .Values.image "root" .) | quote }}
{{ include "whole" . }} {{ include "asks" . }} {{ include "shape" . }} {{ include "merged" . }}
{{ tpl .Values.text . }} {{ tpl (.Files.Get "files/a.txt") $ }} {{ range $p, $_ := .Files.Glob "files/*" }}{{ $p }}{{ end }}
{{ range .Values.list }}{{ include "image" (dict "root" $ "image" (dict "repository" .name "tag" (ternary "use" "off" .use))) }}{{ end }}
{{ $lent := dict "root" . "mode" "own" }}{{ include "borrows" (dict "root" . "extra" .Values.text) }}{{ include "borrows" $lent }}{{ $lent.mode }}{{ include "borrows" $lent }}
{{ range until 2 }}{{ include "fails" (dict "root" $ "extra" $.Values.labels.team) }}{{ include "fails" (dict "root" $) }}{{ end }}
{{ $ctx := . }}{{ with .Values.other }}{{ .use }}{{ include "name" $ctx }}{{ end }}`,
  "templates/b.yaml": `
{{ include "count" . }} {{ include "count" . }} {{ include "stored" . }} {{ include "stored" . }}
{{ $box := dict "n" 1 }}{{ include "reads" (dict "box" $box) }}{{ include "changes" (dict "box" $box) }}{{ include "changes" (dict "box" $box) }}{{ include "reads" (dict "box" $box) }}
{{ $_ := mergeOverwrite .Values (dict "mode" "changed" "labels" (dict "team" .Values.mode)) }}{{ include "name" . }}{{ include "whole" . }}`,
  "templates/c.yaml": `
{{ include "name" . }} {{ include "whole" . }} {{ include "refuses" . }} {{ .Subcharts.other.Values.use }} {{ .Subcharts.plain.Chart.Name }}
{{ include (print .Template.BasePath "/a.yaml") . | sha256sum }} {{ .Values.YAML }} {{ .Template.Name }}
{{ if .Values.enabled }}image: {{ .Values.image.repository }}:{{ .Values.mode }}{{ else if .Values.global.deep.use }}image: x/{{ .Values.global.deep.tag }}{{ end }}`,
  ...subchart("sub", {
    "values.yaml": "use: false\ninner: {value: 2}\n",
    "templates/_h.tpl": '{{ define "redefined" }}own{{ end }}',
    "templates/a.yaml": `{{ include "redefined" . }} {{ .Values.global.registry }} {{ include "name" . }} {{ .Values.inner.value }}
{{ $_ := set .Values.global "registry" "mine" }}{{ .Values.global.registry }} {{ include "whole" (dict "Values" (dict "labels" .Values.inner "empty" (dict) "global" .Values.global)) }}`,
  }),
  ...subchart("plain", {
    "values.yaml": "use: false\nlist: []\nglobal: {own: 1}\n",
    "templates/a.yaml":
      '{{ .Values.global.registry }} {{ .Values.global.own }} {{ toYaml .Values.list }} {{ include "name" . }} {{ toYaml .Values.global }}',
  }),
};

describe("a chart that is rendered again with other settings", () => {
  it("prints what it would print if it had never been rendered before", async () => {
    const chart = await makeChartOf(TANGLED);
    for (let seed = 0; seed < 3; seed++) {
      expect(compareRenderings(chart, randomSettings(chart, seed, 40))).toEqual([]);
    }
  });

  it("prints so too with settings that are turned one after the other and back", async () => {
    const chart = await makeChartOf(TANGLED);
    const on: Override[] = [{ path: ["enabled"], value: true }];
    const more: Override[] = [...on, { path: ["global", "deep", "use"], value: true }];
    const table: Override[] = [{ path: ["global", "made", "here"], value: new Map([["a", "b"]]) }];
    const gone: Override[] = [{ path: ["labels"], value: null }];
    const sets = [[], on, more, on, [], table, gone, table, [], gone, more, []];
    expect(compareRenderings(chart, sets)).toEqual([]);
  });

  it("asks of every table that is merged whether it is empty", async () => {
    const chart = await makeChartOf({
      "values.yaml": "a: {}\nb: {}\n",
      "templates/a.yaml": `
{{ (merge (dict "a" .Values.a) (dict "a" (dict "x" "other"))).a.x }}
{{ (merge (dict "b" .Values.b) (dict "b" "text")).b }}
{{ toJson (mergeOverwrite (dict "k" .Values.a) (dict "k" .Values.b)) }}`,
    });
    const filled: Override[] = [{ path: ["a", "x"], value: "own" }];
    const other: Override[] = [{ path: ["b", "y"], value: "own" }];
    expect(compareRenderings(chart, [[], filled, other, [...filled, ...other], []])).toEqual([]);
  });

  it("asks what is in a table that is merged with its copy in a subchart", async () => {
    const chart = await makeChartOf({
      "Chart.yaml": chartYaml("demo", "dependencies:\n- {name: sub, version: 1.x}\n"),
      "values.yaml": "on: false\nglobal: {a: {}}\n",
      "templates/z.yaml":
        '{{ if .Values.on }}{{ $_ := set .Values.sub.global.a "x" "1" }}{{ end }}',
      "templates/b.yaml":
        "{{ $_ := mergeOverwrite .Values.global .Values.sub.global }}{{ toJson .Values.global }}",
      ...subchart("sub", { "values.yaml": "{}\n" }),
    });
    const on: Override[] = [{ path: ["on"], value: true }];
    expect(compareRenderings(chart, [[], on, []])).toEqual([]);
  });

  it("says that the budget is spent of a file that was printed before, and goes on", async () => {
    const chart = await makeChartOf({
      "values.yaml": "long: false\nb: 2\n",
      "templates/b.yaml": "{{ if .Values.long }}{{ range until 1000 }}x{{ end }}{{ end }}",
      "templates/a.yaml": "{{ .Values.b }}",
    });
    const overrides: Override[] = [{ path: ["long"], value: true }];
    const short = { overrides, budget: new Budget({ steps: 500 }) };
    expect(problemsOf(chart, [{ overrides: [] }, short])).toEqual([
      "demo/templates/b.yaml: more than 500 steps",
      "demo/templates/a.yaml: more than 500 steps",
    ]);
  });

  it("notes no more lookups than have room, and runs again what looks up more", async () => {
    const many = Array.from({ length: 1500 }, (_, index) => `a${index}: {b: 1}`).join("\n");
    const chart = await makeChartOf({
      "values.yaml": `${many}\nb: 2\n`,
      "templates/a.yaml":
        "{{ range until 200 }}{{ $_ := has $.Values (list) }}{{ end }}{{ .Values.b }}",
    });
    const sets: Override[][] = [[], [{ path: ["b"], value: 3 }], []];
    expect(compareRenderings(chart, sets)).toEqual([]);
    expect(stepsOf(chart, [[], []])).toBe(2 * stepsOf(chart, [[]]));
  });

  it("does not run again what merges what is global with the copy that a subchart has of it", async () => {
    const merged = '{{ $_ := merge . (dict "Values" .Values.sub) }}';
    const chart = await makeChartOf({
      "Chart.yaml": chartYaml("demo", "dependencies:\n- {name: sub, version: 1.x}\n"),
      "values.yaml": "global: {registry: '', secrets: [], labels: {}}\nother: {b: 2}\n",
      "templates/a.yaml": `${merged}{{ range until 100 }}{{ $.Values.global.registry }}{{ end }}`,
      "templates/b.yaml": `${merged}{{ toJson .Values.global }}{{ .Values.other.b }}`,
      ...subchart("sub", {
        "values.yaml": "{}",
        "templates/a.yaml": "{{ .Values.global.registry }}",
      }),
    });
    const path = ["global", "registry"];
    const other: Override = { path: ["other", "b"], value: 3 };
    const sets: Override[][] = [[], [{ path, value: "r" }], [other], []];
    expect(compareRenderings(chart, sets)).toEqual([]);
    const first = stepsOf(chart, [[]]);
    expect(stepsOf(chart, [[], [other]]) - first).toBeLessThan(60);
    expect(stepsOf(chart, [[], [{ path, value: "r" }]]) - first).toBeGreaterThan(200);
  });

  it("does once more what a file changes for others, and does not run it again", async () => {
    const chart = await makeChartOf({
      "values.yaml": `
parts: {one: {on: true, size: 1}, two: {on: false}}
items: [{name: a}, {name: b}]
common: {tag: "1"}
b: 2
over: keep
`,
      "templates/_h.tpl": `{{ define "part" }}{{ .name }} {{ .common.tag }} {{ .over }} {{ .size }}{{ len . }}{{ end }}`,
      "templates/z.yaml": `
{{ range $name, $part := .Values.parts }}{{ $_ := set $part "name" $name }}{{ $_ := set . "common" $.Values.common }}
{{ $_ := set . "over" $.Values.other }}{{ $_ := unset . "size" }}{{ if .on }}{{ include "part" . }}{{ end }}{{ end }}
{{ range .Values.items }}{{ $_ := merge . $.Values.common }}{{ end }}{{ range until 100 }}{{ end }}`,
      "templates/b.yaml": `{{ toJson .Values.parts }}{{ toJson .Values.items }}{{ .Values.b }}`,
      "templates/a.yaml": `{{ range .Values.parts }}{{ include "part" . }}{{ end }}`,
    });
    const touching: Override[][] = [
      [{ path: ["common", "tag"], value: "2" }],
      [{ path: ["common"], value: new Map([["other", "3"]]) }],
      [{ path: ["other"], value: "text" }],
      [{ path: ["parts", "two", "on"], value: true }],
      [{ path: ["items", "0", "tag"], value: "own" }],
    ];
    // Only files that run later see these: the first one writes them itself, or does not look at them.
    const unseen: Override[][] = [
      [{ path: ["parts", "two", "more"], value: "counts" }],
      [{ path: ["parts", "one", "over"], value: "" }],
      [{ path: ["parts", "one", "name"], value: "other" }],
    ];
    const idle: Override[] = [{ path: ["b"], value: 3 }];
    const sets = [...touching, ...unseen, ...touching.flatMap((one) => [idle, [...one, ...idle]])];
    expect(compareRenderings(chart, [[], idle, ...sets, []])).toEqual([]);
    const first = stepsOf(chart, [[]]);
    expect(stepsOf(chart, [[], idle]) - first).toBeLessThan(60);
    for (const one of touching) expect(stepsOf(chart, [[], one]) - first).toBeGreaterThan(100);
  });

  it("puts a table that a file made where others may change it, and does not run it again", async () => {
    const chart = await makeChartOf({
      "values.yaml": "a: {}\nb: 2\nc: 1\n",
      "templates/z.yaml": `{{ $own := dict "n" 1 "in" (dict "c" .Values.c) "list" (list (dict "x" 1)) }}{{ $_ := set .Values.a "own" $own }}{{ .Values.a.own.n }}{{ toYaml .Values.a }}{{ range until 1000 }}{{ end }}`,
      "templates/b.yaml": `{{ $_ := set .Values.a.own "n" (add .Values.a.own.n .Values.b) }}{{ $_ := set (first .Values.a.own.list) "x" .Values.b }}`,
      "templates/a.yaml": "{{ toYaml .Values.a }}{{ .Values.b }}",
    });
    const other: Override[] = [{ path: ["b"], value: 3 }];
    const its: Override[] = [{ path: ["c"], value: 3 }];
    expect(compareRenderings(chart, [[], other, [], its, other, its, []])).toEqual([]);
    const first = stepsOf(chart, [[]]);
    expect(stepsOf(chart, [[], other, []]) - first).toBeLessThan(500);
    expect(stepsOf(chart, [[], its]) - first).toBeGreaterThan(1000);
  });

  it("does not run again what looks at a list in one of whose tables the same is set", async () => {
    const chart = await makeChartOf({
      "values.yaml": "list: [{image: a, other: b}]\nb: 2\n",
      "templates/a.yaml":
        "{{ range .Values.list }}{{ .image }}{{ end }}{{ range until 100 }}{{ end }}",
    });
    const image: Override = { path: ["list", "0", "image"], value: "c" };
    const sets: Override[][] = [[], [image], [image, { path: ["b"], value: 3 }], []];
    expect(compareRenderings(chart, sets)).toEqual([]);
    expect(stepsOf(chart, sets)).toBeLessThan(stepsOf(chart, sets.slice(0, 2)) + 60);
  });

  it("does not run again what the settings do not touch", async () => {
    const helpers = `{{ define "long" }}{{ range until 100 }}{{ $.Values.a }}{{ end }}{{ end }}
{{ define "counts" }}{{ range until 100 }}{{ $ }}{{ end }}{{ end }}
{{ define "counted" }}{{ range until 100 }}{{ $.n }}{{ end }}{{ end }}`;
    const chart = await makeChartOf({
      "values.yaml": "a: 1\nb: 2\n",
      "templates/_h.tpl": helpers,
      "templates/a.yaml": '{{ include "long" . }} {{ .Values.a }}',
      "templates/b.yaml":
        '{{ include "long" . }} {{ include "counts" (add 1 2) }} {{ include "counted" (dict "n" (add 1 2)) }} {{ .Values.b }}',
    });
    const first = stepsOf(chart, [[]]);
    const touched = stepsOf(chart, [[], [{ path: ["a"], value: 3 }]]);
    const untouched = stepsOf(chart, [[], [{ path: ["b"], value: 3 }]]);
    expect(untouched - first).toBeLessThan(40);
    expect(touched - first).toBeGreaterThan(200);
  });

  it("does not run again what puts back what it changed of what it was given, nor what fails", async () => {
    const chart = await makeChartOf({
      "values.yaml": "a: 1\nb: 2\n",
      "templates/_h.tpl": `
{{ define "borrows" }}{{ $_ := set . "mode" .root.Values.a }}{{ range until 100 }}{{ $.mode }}{{ end }}{{ $_ := unset . "mode" }}{{ end }}
{{ define "fails" }}{{ .root.Values.a.none }}{{ fail "no" }}{{ range until 100 }}{{ $.n }}{{ end }}{{ end }}`,
      "templates/a.yaml":
        '{{ include "borrows" (dict "root" .) }}{{ include "fails" (dict "root" . "n" 1) }}{{ .Values.b }}',
    });
    const a: Override[] = [{ path: ["a"], value: 3 }];
    const b: Override[] = [{ path: ["b"], value: 3 }];
    expect(compareRenderings(chart, [[], b, a, []])).toEqual([]);
    const first = stepsOf(chart, [[]]);
    expect(stepsOf(chart, [[], b]) - first).toBeLessThan(60);
    expect(stepsOf(chart, [[], a]) - first).toBeGreaterThan(400);
  });
});
