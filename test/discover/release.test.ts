import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import type { DiscoverOptions, Discovery } from "../../src/discover/discovery.ts";

async function discover(texts: ChartTexts, options: DiscoverOptions = {}): Promise<Discovery> {
  return discoverImages(await makeChartOf(texts), options);
}

function needed({ images }: Discovery): string[] {
  return images.flatMap(({ image, class: kind }) => (kind === "needed" ? [image] : []));
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "${image}"}]}\n`;

describe("what a chart is told of its release and cluster", () => {
  it("decides on its images", async () => {
    const { Has, kind } = {
      Has: '{{ if .Capabilities.APIVersions.Has "route.openshift.io/v1" }}openshift{{ else }}plain{{ end }}',
      kind: "{{ if .Release.IsUpgrade }}up{{ else }}new{{ end }}",
    };
    const texts = {
      "templates/a.yaml": pod(
        `r.example/{{ .Release.Namespace }}/{{ .Release.Name }}:${Has}-${kind}`,
      ),
    };
    expect(needed(await discover(texts))).toEqual(["r.example/default/release-name:plain-new"]);
    const told = {
      name: "shop",
      namespace: "prod",
      isUpgrade: true,
      apiVersions: ["route.openshift.io/v1"],
    };
    expect(needed(await discover(texts, told))).toEqual(["r.example/prod/shop:openshift-up"]);
  });

  it("has a clock that stands, by which times are moved and compared", async () => {
    const texts = {
      "templates/a.yaml": pod(
        'r.example/x:{{ $n := now }}{{ if ne $n ($n | dateModify "10s") }}a{{ end }}{{ if eq $n now }}b{{ end }}',
      ),
    };
    const found = await discover(texts);
    expect([needed(found), found.complete]).toEqual([["r.example/x:ab"], true]);
  });
});

const wants = (more: string): string =>
  chartYaml(
    "demo",
    `dependencies:\n- {name: sub, version: 1.0.0, repository: "https://r"${more}}\n`,
  );

describe("a dependency", () => {
  const sub = {
    "Chart.yaml": chartYaml("sub", "").replace("1.0.0", "1.1.0"),
    "templates/a.yaml": pod("r.example/sub:1"),
  };

  it("of another version than asked is left out by its condition, as by Helm", async () => {
    const texts = { "Chart.yaml": wants(", condition: sub.enabled"), ...subchart("sub", sub) };
    const off = await discover({ ...texts, "values.yaml": "sub: {enabled: false}\n" });
    expect([needed(off), off.complete]).toEqual([[], true]);
    const on = await discover({ ...texts, "values.yaml": "sub: {enabled: true}\n" });
    expect([needed(on), on.complete]).toEqual([["r.example/sub:1"], true]);
  });

  it("that is missing is a hole only where it is switched on", async () => {
    const texts = { "Chart.yaml": wants(", condition: sub.enabled") };
    const off = await discover({ ...texts, "values.yaml": "sub: {enabled: false}\n" });
    expect(off).toMatchObject({ complete: true, unknowns: [{ code: "DEPENDENCY_MISSING" }] });
    const on = await discover({ ...texts, "values.yaml": "sub: {enabled: true}\n" });
    expect(on).toMatchObject({ complete: false, unknowns: [{ code: "DEPENDENCY_MISSING" }] });
  });

  it("that a dependency lacks in its turn is no hole, since Helm installs it without", async () => {
    const lacking = { "Chart.yaml": wants("").replace("name: demo", "name: outer") };
    const { complete, unknowns } = await discover(subchart("outer", lacking));
    const message =
      "the chart does not hold its dependency sub 1.0.0 from https://r, and Helm installs it without";
    expect([complete, unknowns]).toMatchObject([
      true,
      [{ code: "DEPENDENCY_MISSING", needed: false, message }],
    ]);
  });
});

describe("values that a chart requires", () => {
  it("are named all at once, wherever they are asked for", async () => {
    const texts = {
      "values.yaml": "apiKey: ''\n",
      "templates/a.yaml": pod('r.example/x:{{ required "give me one" .Values.clusterName }}'),
      "templates/b.yaml": `{{ include "key" . }}{{ .Values.db.host | required "no host" }}`,
      "templates/_h.tpl":
        '{{ define "key" }}{{ $v := .Values }}{{ required "no key" $v.apiKey }}{{ end }}',
      "charts/sub/Chart.yaml": chartYaml("sub"),
      "charts/sub/templates/a.yaml": 'a: {{ required "no size" .Values.size }}',
    };
    const { unknowns } = await discover({ ...texts, "values.yaml": "apiKey: ''\ndb: {}\n" });
    const refused = unknowns.filter(({ code }) => code === "VALUES_REFUSED");
    expect(refused.map(({ message }) => message.replace(/:.*/, ""))).toEqual([
      "give apiKey, clusterName, db.host, sub.size",
    ]);
  });

  it("are named where a function cannot do without", async () => {
    const texts = {
      "values.yaml": "image: {}\n",
      "templates/a.yaml": "a: {{ trunc 3 .Values.image.tag }}\nb: {{ .Values.name | b64enc }}",
    };
    const { unknowns } = await discover(texts);
    expect(unknowns.map(({ message }) => message.replace(/^.*?: /, ""))).toEqual([
      "error calling trunc: expected string, found <nil>: .Values.image.tag has no value",
      "error calling b64enc: expected string, found <nil>: .Values.name has no value",
    ]);
  });
});
