import { describe, expect, it } from "vitest";
import { makeChartOf, type ChartTexts } from "../../fixtures/charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";

/** `file:line message` of everything that is said to be unexplored. */
async function saidOf(texts: ChartTexts): Promise<string[]> {
  const { unknowns } = await discoverImages(await makeChartOf(texts));
  expect(unknowns.every(({ code, needed }) => code === "NOT_EXPLORED" && !needed)).toBe(true);
  return unknowns.map(({ file, line, message }) => `${file}:${line} ${message}`);
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: a\n    image: ${image}\n`;

const completes = "the chart does not say what completes the name";

describe("a name that the installer completes is said", () => {
  it.each<[string, ChartTexts, string]>([
    [
      "where a setting is only asked not to be one text",
      {
        "values.yaml": "tls: {mode: none}\n",
        "templates/a.yaml": `{{ if ne .Values.tls.mode "none" }}\n${pod("quay.io/x/tls-{{ .Values.tls.mode }}:1")}{{ end }}`,
      },
      `templates/a.yaml:8 ${completes} quay.io/x/tls-…:1: give your value of tls.mode`,
    ],
    [
      "where the values do not have the setting",
      {
        "templates/a.yaml": `{{ if .Values.edition }}\n${pod("x/app:1-{{ .Values.edition }}")}{{ end }}`,
      },
      `templates/a.yaml:8 ${completes} docker.io/x/app:1-…: give your value of edition`,
    ],
    [
      "once for each place, with as few settings as it takes",
      {
        "values.yaml": 'on: false\nmode: ""\n',
        "templates/a.yaml": `{{ if or .Values.on .Values.mode }}\n${pod("x/{{ .Values.mode }}:1")}{{ end }}`,
      },
      `templates/a.yaml:8 ${completes} docker.io/x/…:1: give your value of mode`,
    ],
    [
      "where what a setting says stands at the end of a word",
      {
        "templates/a.yaml": pod('x/app:1{{ .Values.suffix | default "" }}'),
      },
      `templates/a.yaml:7 ${completes} docker.io/x/app:1…: give your value of suffix`,
    ],
    [
      "where a part of it is empty and nothing asks whether it is",
      {
        "values.yaml": 'variant: ""\n',
        "templates/a.yaml": pod('{{ trimSuffix "-" (printf "x/app-%s" .Values.variant) }}:1'),
      },
      `templates/a.yaml:7 ${completes} docker.io/x/app-…:1: give your value of variant`,
    ],
    [
      "where a list has names of the installer's",
      {
        "values.yaml": "agents: []\n",
        "templates/a.yaml": `{{ range .Values.agents }}\n${pod("x/agent-{{ .name }}:1")}---\n{{ end }}`,
      },
      `templates/a.yaml:8 ${completes} docker.io/x/agent-…:1: give your value of agents`,
    ],
  ])("%s", async (_name, texts, wanted) => {
    expect(await saidOf(texts)).toEqual([wanted]);
  });

  it.each([
    ["the whole image", "{{ .Values.own }}"],
    ["the registry", "{{ .Values.own }}/app:1"],
    ["the registry with its slash", "{{ .Values.own }}acme/app:1"],
  ])("but not where %s is the installer's", async (_name, image) => {
    const texts = {
      "values.yaml": 'own: ""\n',
      "templates/a.yaml": `{{ if .Values.own }}\n${pod(image)}{{ end }}`,
    };
    expect(await saidOf(texts)).toEqual([]);
  });
});

describe("a part that nothing reaches and that changes values for others is said", () => {
  const reads = 'x/app:1{{ .Values.tagSuffix | default "" }}';
  const sets = '{{ $_ := set .Values "tagSuffix" "-fips" }}{{ end }}\n';
  const open = "no setting tried reaches what {{ if";

  it.each<[string, ChartTexts, string]>([
    [
      "where an entry is set that the name of an image is made of",
      {
        "values.yaml": "a: false\nb: x\n",
        "templates/z.yaml": `{{ if and .Values.a (eq .Values.b "y") }}${sets}`,
        "templates/a.yaml": pod(reads),
      },
      `templates/z.yaml:1 ${open} and .Values.a (eq .Values.b "y") }} changes for others (tagSuffix)`,
    ],
    [
      "where a table is taken away, and once for each file",
      {
        "values.yaml": "mode: a\ncore: {name: x/core}\nextra: {on: false}\n",
        "templates/z.yaml":
          '{{ if eq .Values.mode "c" }}{{ $_ := unset .Values "core" }}{{ end }}\n' +
          '{{ if eq .Values.mode "b" }}{{ $_ := mergeOverwrite .Values (dict "extra" (dict "on" true)) }}{{ end }}\n',
        "templates/a.yaml": `{{ if .Values.extra.on }}\n${pod("x/extra:1")}---\n{{ end }}${pod('{{ (.Values.core | default (dict "name" "x/no")).name }}:1')}`,
      },
      `templates/z.yaml:1 ${open} eq .Values.mode "c" }} changes for others (core), and 1 more in this file`,
    ],
    [
      "where a helper does it, in a table of its own",
      {
        "values.yaml": "a: false\nb: x\n",
        "templates/_h.tpl": '{{ define "prepare" }}{{ $_ := set . "tagSuffix" "-big" }}{{ end }}',
        "templates/a.yaml": `{{ $v := deepCopy .Values }}{{ if and .Values.a (eq .Values.b "y") }}{{ include "prepare" $v }}{{ end }}\n${pod('x/app:1{{ $v.tagSuffix | default "" }}')}`,
      },
      `templates/a.yaml:1 ${open} and .Values.a (eq .Values.b "y") }} changes for others (tagSuffix)`,
    ],
    [
      "where only a run tells which entries of the values are set",
      {
        "values.yaml": 'env: ""\nenvs: {prod: {flavor: big}}\n',
        "templates/z.yaml":
          '{{ if eq .Values.env "prod" }}{{ $_ := mergeOverwrite .Values (index .Values.envs .Values.env) }}{{ end }}',
        "templates/a.yaml": pod("x/app:1"),
      },
      `templates/z.yaml:1 ${open} eq .Values.env "prod" }} changes for others (Values)`,
    ],
  ])("%s", async (_name, texts, wanted) => {
    expect(await saidOf(texts)).toEqual([wanted]);
  });

  it("but not where no image asks for what it changes", async () => {
    const texts = {
      "values.yaml": "a: false\nb: x\n",
      "templates/z.yaml": `{{ if and .Values.a (eq .Values.b "y") }}{{ $_ := set .Values "replicas" 3 }}{{ end }}`,
      "templates/a.yaml": pod("x/app:1"),
    };
    expect(await saidOf(texts)).toEqual([]);
  });
});

describe("a part that nothing reaches and that has a say in the name of an image is said", () => {
  const upgrade = "{{ if .Release.IsUpgrade }}";
  const open = "no setting tried reaches what {{ if .Release.IsUpgrade }}";
  const adds = `${open} adds to what an image is made of`;

  it.each<[string, ChartTexts, string]>([
    [
      "where it stands within the name",
      { "templates/a.yaml": pod(`x/app:1${upgrade}-up{{ end }}`) },
      `templates/a.yaml:7 ${adds}`,
    ],
    [
      "in a helper that another one calls",
      {
        "templates/_h.tpl": `{{ define "inner" }}${upgrade}-up{{ end }}{{ end }}{{ define "outer" }}1{{ template "inner" . }}{{ end }}`,
        "templates/a.yaml": pod('x/app:{{ include "outer" . }}'),
      },
      `templates/_h.tpl:1 ${adds}`,
    ],
    [
      "where it sets a variable",
      {
        "templates/a.yaml": `{{ $tag := "1" }}${upgrade}{{ $tag = "2" }}{{ end }}\n${pod("x/app:{{ $tag }}")}`,
      },
      `templates/a.yaml:1 ${open} changes for others ($tag)`,
    ],
    [
      "where it depends on the version of the cluster",
      {
        "templates/a.yaml": pod(
          'x/app:1{{ if semverCompare ">=1.99-0" .Capabilities.KubeVersion.Version }}-new{{ end }}',
        ),
      },
      'templates/a.yaml:7 no setting tried reaches what {{ if semverCompare ">=1.99-0" .Capabilities.KubeVersion.Version }} adds to what an image is made of',
    ],
  ])("%s", async (_name, texts, wanted) => {
    expect(await saidOf(texts)).toEqual([wanted]);
  });

  it("as what stands behind an else where that is it", async () => {
    const texts = {
      "values.yaml": "a: {b: 1}\n",
      "templates/a.yaml": `{{ if gt (len .Values.a) 0 }}${pod("x/app:1")}{{ else }}${pod("x/other:1")}{{ end }}`,
    };
    expect(await saidOf(texts)).toEqual([
      "templates/a.yaml:1 no setting tried reaches what stands behind the else of {{ if gt (len .Values.a) 0 }}",
    ]);
  });

  it("but not where it only adds lines below it, asks for files that nobody names, or whether the image is one text", async () => {
    const texts = {
      "values.yaml": "image: {repository: x/app, tag: 1}\n",
      "templates/a.yaml": pod(
        `x/app:1{{- ${upgrade.slice(3)}\n    imagePullPolicy: Always\n{{ end }}`,
      ),
      "templates/b.yaml": `{{ if .Files.Glob "conf/*" }}a: {{ .Files.Get "conf/a" }}{{ end }}\n`,
      "templates/c.yaml": pod(
        '{{ if eq (typeOf .Values.image) "string" }}{{ .Values.image }}{{ else }}x/app:1{{ end }}',
      ),
      "templates/d.yaml": pod("{{ with (.Values.spec).image }}{{ . }}{{ else }}x/app:1{{ end }}"),
    };
    expect(await saidOf(texts)).toEqual([]);
  });

  it("but not where it refuses values, sets what no image asks for, or is in no name", async () => {
    const texts = {
      "templates/_h.tpl": `{{ define "tag" }}${upgrade}{{ fail "no" }}{{ end }}${upgrade}{{ $x := 1 }}{{ end }}1{{ end }}{{ define "labels" }}${upgrade}a: b{{ end }}{{ end }}`,
      "templates/a.yaml": `${pod('x/app:{{ include "tag" . }}')}{{ include "labels" . }}\n`,
    };
    expect(await saidOf(texts)).toEqual([]);
  });
});

const gets = (source: string): string =>
  `no setting tried gets the other value of {{ ${source} }} into the name of an image`;

const depends = (on: string): string =>
  `the name of an image depends on ${on}, which no setting reaches`;

describe("a name that only an installation gives is said", () => {
  it.each<[string, ChartTexts, string]>([
    [
      "where a ternary asks whether it is an upgrade",
      { "templates/a.yaml": pod('x/app:1{{ ternary "-up" "" .Release.IsUpgrade }}') },
      `templates/a.yaml:7 ${gets('ternary "-up" "" .Release.IsUpgrade')}`,
    ],
    [
      "where the namespace is compared before it, in a helper",
      {
        "templates/_h.tpl": `{{ define "tag" }}\n{{ eq .Release.Namespace "kube-system" | ternary "2" "1" }}{{ end }}`,
        "templates/a.yaml": pod('x/app:{{ include "tag" . | trim }}'),
      },
      `templates/_h.tpl:2 ${gets('eq .Release.Namespace "kube-system" | ternary "2" "1"')}`,
    ],
    [
      "where the version of the cluster decides, and both that are tried give the same",
      {
        "templates/a.yaml": pod(
          'x/app:{{ semverCompare ">=1.99-0" .Capabilities.KubeVersion.Version | ternary 2 1 }}',
        ),
      },
      `templates/a.yaml:7 ${gets('semverCompare ">=1.99-0" .Capabilities.KubeVersion.Version | ternary 2 1')}`,
    ],
    [
      "where an object of the cluster is looked up, behind a variable",
      {
        "values.yaml": 'tag: "1"\n',
        "templates/a.yaml": `{{ $old := lookup "v1" "ConfigMap" "x" "y" }}\n${pod("x/app:{{ ($old.data).tag | default .Values.tag }}")}`,
      },
      `templates/a.yaml:8 ${depends("lookup")}`,
    ],
    [
      "where a text is chosen by the name of the release, in an entry of a table",
      {
        "templates/a.yaml": `{{ $p := dict "sfx" (and (eq .Release.Name "prod") "-prod") }}\n${pod('x/app:1{{ $p.sfx | default "" }}')}`,
      },
      `templates/a.yaml:8 ${depends(".Release.Name")}`,
    ],
    [
      "where no value that is tried has the key that is looked for",
      {
        "values.yaml": "all: {a: 1}\n",
        "templates/a.yaml": pod('x/app:1{{ ternary "-b" "" (has "b" (keys .Values.all)) }}'),
      },
      `templates/a.yaml:7 ${gets('ternary "-b" "" (has "b" (keys .Values.all))')}`,
    ],
  ])("%s", async (_name, texts, wanted) => {
    expect(await saidOf(texts)).toEqual([wanted]);
  });

  it("but not where a setting turns it, where it is part of an image, asks for a kind, or is in no name", async () => {
    const texts = {
      "values.yaml": 'a: false\ndigest: ""\nown: {x: 1}\n',
      "templates/a.yaml": `${pod('{{ .Values.a | ternary "x" "y" }}/app{{ ternary ":1" (print "@" .Values.digest) (empty .Values.digest) }}')}    env: [{name: {{ ternary "a" "b" .Release.IsUpgrade }}, value: {{ .Release.Name }}}]\n`,
      "templates/b.yaml": pod(
        'x/b:{{ dig "tag" "1" (typeIs "string" .Values.own | ternary (dict) .Values.own) }}',
      ),
    };
    expect(await saidOf(texts)).toEqual([]);
  });

  it("and a needed image may be missing where it is the day on which it is installed", async () => {
    const late = 'gt (now | date "2006" | int) 3000';
    const { unknowns, complete } = await discoverImages(
      await makeChartOf({
        "templates/a.yaml": `{{ if ${late} }}\n${pod("x/{{ .Values.late }}:1")}{{ end }}`,
        "templates/b.yaml": pod(`x/app:1{{ ternary "-late" "" (${late}) }}`),
        "templates/c.yaml": pod('x/app:{{ now | date "2006.01" }}'),
      }),
    );
    expect(unknowns.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([
      `templates/a.yaml:1 no setting tried reaches what {{ if ${late} }} leads to`,
      `templates/b.yaml:7 ${gets(`ternary "-late" "" (${late})`)}`,
    ]);
    expect([unknowns.every(({ needed }) => needed), complete]).toEqual([true, false]);
  });
});
