import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";

/** `class image by …` for each image. */
async function linesOf(texts: ChartTexts): Promise<string[]> {
  const { images, complete } = await discoverImages(await makeChartOf(texts));
  expect(complete).toBe(true);
  return images.map(({ image, class: kind, optionalBy }) => {
    const by = optionalBy.map((way) => way.join(" & ")).join(" | ");
    return `${kind} ${image.replace("docker.io/", "")}${by === "" ? "" : ` by ${by}`}`;
  });
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: a\n    image: ${image}\n`;

/** What a condition asks of values, the condition, and what makes it true. */
const gated: readonly (readonly [string, string, string, string])[] = [
  ["a list has something in it", "all: []", ".Values.all", "all is set"],
  ["a table has something in it", "all: {}", ".Values.all", "all is set"],
  ["a list has a text in it", "all: [a]", 'has "ha" .Values.all', "all={a,ha}"],
  ["a list has a text with a comma in it", "all: [a]", 'has "h,a" .Values.all', "all={a,h\\,a}"],
  ["a list is long enough", "all: [a]", "gt (len .Values.all) 1", "all={a,a}"],
  ["a number is large enough", "count: 1", "gt (int .Values.count) 5", "count=6"],
  ["a number is small enough", "count: 5", "lt (int .Values.count) 3", "count=2"],
  ["a text that is a number is one", 'count: "1"', "eq (.Values.count | int) 3", "count=3"],
  ["a text is not one", "mode: none", 'ne .Values.mode "none"', "mode is set"],
  ["a text made of a setting is one", "mode: v1", 'eq (trimPrefix "v" .Values.mode) "2"', "mode=2"],
  ["a setting that is not there is one", "", 'eq (.Values.mode | default "a") "b"', "mode=b"],
  ["a table that is not there has an entry", "", "((.Values.x).y).z", "x.y.z=true"],
  [
    "nothing has one, which Helm calls an error",
    "go: false",
    "and .Values.go .Values.x.y",
    "go=true & x.y=true",
  ],
  ["nothing global has one", "", "(.Values.global).x", "global.x=true"],
  ["a text matches a pattern", "mode: v1", 'regexMatch "^v2" .Values.mode', "mode=v2"],
  ["a version is new enough", "v: 1.0.0", 'semverCompare ">=2.1" .Values.v', "v=2.1"],
  ["a version is old enough", "v: 3.0.0", 'semverCompare "<2.1.0" .Values.v', "v=0.0.1"],
  ["a setting is a table", 'all: ""', 'kindIs "map" .Values.all', "all is set"],
  ["an empty table is a text", "all: {}", 'kindIs "string" .Values.all', "all is set"],
  ["a setting is a list", 'all: ""', 'kindIs "slice" .Values.all', "all is set"],
  [
    "one of two is set, of which the chart has one",
    'a: {b: ""}',
    "or .Values.a.c .Values.a.b",
    "a.b is set",
  ],
  ["values have an entry deep in them", "", 'dig "x" "y" false (merge (dict) .Values)', "x.y=true"],
  ["a table has an entry deep in it", "all: {}", 'dig "x" "y" 0 .Values.all', "all.x.y=true"],
  [
    "a table has an entry that is merged over a default",
    "all: {}",
    '(mergeOverwrite (dict "x" false) .Values.all).x',
    "all.x=true",
  ],
  [
    "a table has an entry, or else another one that stands behind it",
    "all: {}",
    '(merge (dict) .Values.all (dict "x" false)).x',
    "all.x=true",
  ],
  ["an entry deep in a table is one", "all: {}", 'eq (dig "x" "a" .Values.all) "b"', "all.x=b"],
  ["a setting is true or false", 'all: ""', 'typeIs "bool" .Values.all', "all=true"],
];

describe("another name of an image is found", () => {
  it.each<[string, ChartTexts, readonly string[]]>([
    [
      "behind a ternary",
      {
        "values.yaml": "next: false\n",
        "templates/a.yaml": pod('x/app:1.0{{ ternary "-next" "" .Values.next }}'),
      },
      ["needed x/app:1.0", "optional x/app:1.0-next by next=true"],
    ],
    [
      "behind a helper that decides on a text of another helper",
      {
        "values.yaml": 'pro: {enabled: null, token: ""}\n',
        "templates/_h.tpl": `
{{- define "pro" -}}{{- if kindIs "invalid" .Values.pro.enabled -}}{{ not (empty .Values.pro.token) }}{{- else -}}{{ .Values.pro.enabled }}{{- end -}}{{- end -}}
{{- define "repo" -}}{{- ternary "x/pro" "x/free" (eq (include "pro" .) "true") -}}{{- end -}}`,
        "templates/a.yaml": pod('{{ include "repo" . }}:{{ .Chart.AppVersion }}'),
      },
      ["needed x/free:1.2.3", "optional x/pro:1.2.3 by pro.enabled=true"],
    ],
    [
      "behind a suffix within the line",
      {
        "values.yaml": "fips: {enabled: false}\n",
        "templates/a.yaml": pod("x/app:1{{ if .Values.fips.enabled }}-fips{{ end }}"),
      },
      ["needed x/app:1", "optional x/app:1-fips by fips.enabled=true"],
    ],
    [
      "behind a part that a branch sets, in whatever it is handed on",
      {
        "values.yaml": "gpu: false\n",
        "templates/_h.tpl": '{{ define "ref" }}{{ .name }}:1{{ .suffix }}{{ end }}',
        "templates/a.yaml": `{{- $suffix := "" }}{{- if .Values.gpu }}{{- $suffix = "-gpu" }}{{- end }}\n${pod('{{ include "ref" (dict "name" "x/app" "suffix" $suffix) }}')}`,
      },
      ["needed x/app:1", "optional x/app:1-gpu by gpu=true"],
    ],
    [
      "behind a fallback, when the setting before it is taken away",
      {
        "values.yaml": "flavor: slim\n",
        "templates/a.yaml": pod('x/{{ coalesce .Values.flavor "full" }}:1'),
        "templates/b.yaml": pod('x/b-{{ .Values.flavor | default "big" }}:1'),
      },
      [
        "needed x/b-slim:1",
        "needed x/slim:1",
        "optional x/b-big:1 by flavor=",
        "optional x/full:1 by flavor=",
      ],
    ],
    [
      "in a file whose name a setting is a part of, and in all files of such a folder",
      {
        "values.yaml": "flavor: slim\ndir: prod\n",
        "img/slim.txt": "x/slim:1",
        "img/full.txt": "x/full:1",
        "files/prod/a.yaml": pod("x/prod:1"),
        "files/dev/b.yaml": pod("x/dev:1"),
        "templates/a.yaml": pod('{{ .Files.Get (printf "img/%s.txt" .Values.flavor) }}'),
        "templates/b.yaml":
          '{{ range $p, $_ := .Files.Glob (printf "files/%s/*.yaml" .Values.dir) }}---\n{{ $.Files.Get $p }}{{ end }}',
      },
      [
        "needed x/prod:1",
        "needed x/slim:1",
        "optional x/dev:1 by dir=dev",
        "optional x/full:1 by flavor=full",
      ],
    ],
    [
      "in a table by a key that is a setting",
      {
        "values.yaml":
          "flavor: debian\nnames:\n  debian: x/app-debian\n  alpine: x/app-alpine\n  ubi: x/app-ubi\n",
        "templates/a.yaml": pod("{{ index .Values.names .Values.flavor }}:1"),
      },
      [
        "needed x/app-debian:1",
        "optional x/app-alpine:1 by flavor=alpine",
        "optional x/app-ubi:1 by flavor=ubi",
      ],
    ],
    [
      "in a table of versions, though a version is the installer's elsewhere",
      {
        "values.yaml": 'version: "15"\n',
        "templates/_h.tpl":
          '{{ define "tag" }}{{ get (dict "15" "15.6" "16" "16.2") .Values.version | default .Values.version }}{{ end }}',
        "templates/a.yaml": pod(
          'x/pg{{ if eq .Values.version "dev" }}-dev{{ end }}:{{ include "tag" . }}',
        ),
      },
      ["needed x/pg:15.6", "optional x/pg:16.2 by version=16"],
    ],
    [
      "by a text that the setting is compared with, also within a text that is a template",
      {
        "values.yaml":
          'mode: single\nimage: x/app:1{{ if eq .Values.mode "cluster" }}-cluster{{ end }}\n',
        "templates/a.yaml": pod("{{ tpl .Values.image . }}"),
      },
      ["needed x/app:1", "optional x/app:1-cluster by mode=cluster"],
    ],
    ...gated.map(([what, values, condition, by]): [string, ChartTexts, readonly string[]] => [
      `where ${what}`,
      {
        "values.yaml": `${values}\n`,
        "templates/_h.tpl": `{{ define "sfx" }}{{ if ${condition} }}-opt{{ end }}{{ end }}`,
        "templates/a.yaml": pod('x/app:1{{ include "sfx" . }}'),
        "templates/b.yaml": `{{ if ${condition} }}\n${pod("x/{{ .Chart.Name }}:1")}{{ end }}`,
      },
      ["needed x/app:1", `optional x/app:1-opt by ${by}`, `optional x/demo:1 by ${by}`],
    ]),
    [
      "by two settings together",
      {
        "values.yaml": "fips: false\narm: false\n",
        "templates/a.yaml": pod(
          'x/app:1{{ ternary "-fips" "" .Values.fips }}{{ ternary "-arm" "" .Values.arm }}',
        ),
      },
      [
        "needed x/app:1",
        "optional x/app:1-arm by arm=true",
        "optional x/app:1-fips by fips=true",
        "optional x/app:1-fips-arm by fips=true & arm=true",
      ],
    ],
    [
      "in a part that another setting brings in",
      {
        "values.yaml": "sidecar: false\nfips: false\n",
        "templates/a.yaml": `{{ if .Values.sidecar }}\n${pod('x/side:1{{ ternary "-fips" "" .Values.fips }}')}{{ end }}`,
      },
      ["optional x/side:1 by sidecar=true", "optional x/side:1-fips by sidecar=true & fips=true"],
    ],
    [
      "in a table that a branch of with opens, and in an argument",
      {
        "values.yaml": "runner: {image: x/runner, debug: false}\n",
        "templates/a.yaml": `{{ with .Values.runner }}\n${pod("x/app:1")}    args: ["--image={{ .image }}:1{{ if .debug }}-debug{{ end }}"]\n{{ end }}`,
      },
      ["needed x/app:1", "needed x/runner:1", "optional x/runner:1-debug by runner.debug=true"],
    ],
    [
      "by a global setting, in whichever chart a template looks at it",
      {
        "values.yaml": "global: {edition: ''}\n",
        "templates/a.yaml": pod('x/app:1{{ if eq .Values.global.edition "pro" }}-pro{{ end }}'),
        ...subchart("inner", {
          "templates/b.yaml": pod('x/in:1{{ if eq .Values.global.edition "pro" }}-pro{{ end }}'),
          "templates/c.yaml": pod('x/in:2{{ if eq .Values.global.edition "lab" }}-lab{{ end }}'),
        }),
      },
      [
        "needed x/app:1",
        "needed x/in:1",
        "needed x/in:2",
        "optional x/app:1-pro by global.edition=pro",
        "optional x/in:1-pro by global.edition=pro",
        "optional x/in:2-lab by global.edition=lab",
      ],
    ],
    [
      "in a table with keys that are made of settings",
      {
        "values.yaml":
          "os: linux\narch: amd\ndb: pg\npgImage: x/pg:1\nmyImage: x/my:1\nimages: {linux-amd: x/k:1, linux-arm: x/k:2, win-amd: x/k:3, win-arm: x/k:4}\n",
        "templates/a.yaml": pod(
          '{{ index .Values.images (printf "%s-%s" .Values.os .Values.arch) }}',
        ),
        "templates/b.yaml": pod('{{ get .Values (print .Values.db "Image") }}'),
      },
      [
        "needed x/k:1",
        "needed x/pg:1",
        "optional x/k:2 by arch=arm",
        "optional x/k:3 by os=win",
        "optional x/k:4 by os=win & arch=arm",
        "optional x/my:1 by db=my",
      ],
    ],
    [
      "of a template that is called by a name made of a setting",
      {
        "values.yaml": "flavor: small\nkind: none\n",
        "templates/_h.tpl": `{{ define "image.small" }}x/small:1{{ end }}{{ define "image.big" }}x/big:1{{ end }}{{ define "pod.none" }}{{ end }}{{ define "pod.more" }}${pod("x/more:1")}{{ end }}`,
        "templates/a.yaml": pod('{{ include (printf "image.%s" .Values.flavor) . }}'),
        "templates/b.yaml": '{{ $name := print "pod." .Values.kind }}{{ include $name . }}',
      },
      ["needed x/small:1", "optional x/big:1 by flavor=big", "optional x/more:1 by kind=more"],
    ],
    [
      "by an entry of a table that was printed and read again, whoever prints it",
      {
        "values.yaml": "t: {in: {sfx: false}, all: [{on: false}]}\nu: {}\n",
        "templates/_h.tpl":
          '{{ define "u" }}\n{{ toYaml (merge (dict) .Values.u (dict "big" false)) }}\n{{ end }}',
        "templates/a.yaml": `{{ $t := .Values.t | toJson | fromJson }}{{ $u := include "u" . | fromYaml }}{{ $s := "" }}{{ if $t.in.sfx }}{{ $s = "-s" }}{{ end }}{{ if $u.big }}{{ $s = "-b" }}{{ end }}{{ range $t.all }}{{ if .on }}{{ $s = "-a" }}{{ end }}{{ end }}\n${pod("x/app:1{{ $s }}")}`,
      },
      [
        "needed x/app:1",
        "optional x/app:1-a by t.all[0].on=true",
        "optional x/app:1-b by u.big=true",
        "optional x/app:1-s by t.in.sfx=true",
      ],
    ],
    [
      "by a text that a setting without a value is compared with",
      {
        "values.yaml": "edition: null\n",
        "templates/a.yaml": pod(
          'x/app{{ if eq .Values.edition "pro" }}-pro{{ else if eq .Values.site "eu" }}-eu{{ end }}:1',
        ),
      },
      ["needed x/app:1", "optional x/app-eu:1 by site=eu", "optional x/app-pro:1 by edition=pro"],
    ],
    [
      "by settings below a table that is called global and is none of the chart's",
      {
        "values.yaml": "a: {global: {pro: false}}\nb: {global: {pro: false}}\n",
        "templates/a.yaml": pod("x/a:1{{ if .Values.a.global.pro }}-pro{{ end }}"),
        "templates/b.yaml": pod("x/b:1{{ if .Values.b.global.pro }}-pro{{ end }}"),
      },
      [
        "needed x/a:1",
        "needed x/b:1",
        "optional x/a:1-pro by a.global.pro=true",
        "optional x/b:1-pro by b.global.pro=true",
      ],
    ],
  ])("%s", async (_where, texts, wanted) => {
    expect(await linesOf(texts)).toEqual(wanted);
  });

  it("two by two of more settings, and that it takes them all is said", async () => {
    const keys = ["a", "b", "c", "d"];
    const suffixes = keys.map((key) => `{{ ternary "-${key}" "" .Values.${key} }}`).join("");
    const chart = await makeChartOf({
      "values.yaml": keys.map((key) => `${key}: false\n`).join(""),
      "templates/a.yaml": pod(`x/app:1${suffixes}`),
    });
    const { images, unknowns } = await discoverImages(chart);
    const tags = images.map(({ reference }) =>
      reference.tag?.replace(/^1-?/, "").replaceAll("-", ""),
    );
    expect(tags).toEqual(["", "a", "ab", "abc", "ac", "ad", "b", "bc", "bd", "c", "cd", "d"]);
    expect(unknowns).toEqual([
      expect.objectContaining({
        code: "BUDGET_SPENT",
        message:
          "optional images may be missing: not tried are a=true and b=true and c=true and d=true",
      }),
    ]);
  });

  it("of ten settings together, and the first three are named", async () => {
    const keys = "abcdefghij".split("");
    const suffixes = keys.map((key) => `{{ ternary "-${key}" "" .Values.${key} }}`).join("");
    const chart = await makeChartOf({
      "values.yaml": keys.map((key) => `${key}: false\n`).join(""),
      "templates/a.yaml": pod(`x/app:1${suffixes}`),
    });
    const { unknowns } = await discoverImages(chart);
    expect(unknowns.map(({ message }) => message)).toEqual([
      expect.stringMatching(/, a=true and b=true and c=true and 7 other settings$/),
    ]);
  });

  it("of two dozen texts of one setting, and those beyond are said", async () => {
    const texts = Array.from({ length: 28 }, (_one, at) => `f${at}`);
    const table = texts.map((text) => `"${text}" "x/${text}:1"`).join(" ");
    const chart = await makeChartOf({
      "values.yaml": "flavor: f0\n",
      "templates/a.yaml": pod(`{{ get (dict ${table}) .Values.flavor }}`),
    });
    const { images, unknowns } = await discoverImages(chart);
    expect(images).toHaveLength(26);
    const message = "optional images may be missing: not tried are flavor=f26, flavor=f27";
    expect(unknowns).toEqual([expect.objectContaining({ code: "BUDGET_SPENT", message })]);
  });
});

describe("a name that no rendering gave", () => {
  it("is not made of what a setting was filled with", async () => {
    const texts = {
      "values.yaml": "flavor: null\n",
      "templates/a.yaml": pod('x/app:1-{{ .Values.flavor | default "std" }}'),
    };
    expect(await linesOf(texts)).toEqual(["needed x/app:1-std"]);
  });

  it("is not made of a text that another setting is compared with", async () => {
    const texts = {
      "values.yaml": 'mode: ""\nsuffix: ""\n',
      "templates/a.yaml": `{{ if or (eq .Values.mode "pro") (eq .Values.suffix "-std") }}#{{ end }}\n${pod("x/app:1{{ .Values.suffix }}")}`,
    };
    expect(await linesOf(texts)).toEqual(["needed x/app:1", "optional x/app:1-std by suffix=-std"]);
  });

  it("is not the beginning of a name that a template goes on with", async () => {
    const texts = {
      "values.yaml":
        "operator: {image: {repository: quay.io/x/operator, tag: v1, suffix: generic}}\n",
      "templates/a.yaml": pod(
        '"{{ .Values.operator.image.repository }}-{{ .Values.operator.image.suffix }}:{{ .Values.operator.image.tag }}"',
      ),
    };
    expect(await linesOf(texts)).toEqual(["needed quay.io/x/operator-generic:v1"]);
  });

  it("is only suspected where values leave the registry out", async () => {
    expect(
      await linesOf({ "values.yaml": "side: {image: {repository: x/side, tag: v1}}\n" }),
    ).toEqual(["suspect x/side:v1"]);
  });

  it("is not made of the namespace that stands beside a repository", async () => {
    const settings =
      "deployment:\n      namespace: {{ .Release.Namespace }}\n      repository: x/app\n      tag: v1\n";
    const texts = {
      "templates/c.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  config.yaml: |\n    ${settings}`,
      "templates/a.yaml": pod("x/app:v1"),
    };
    expect(await linesOf(texts)).toEqual(["needed x/app:v1"]);
  });
});

describe("a part behind an entry of a table that was made of a setting is found", () => {
  it.each([
    ["printed and read again", ".Values.t | toYaml | fromYaml", "t: {a: false}"],
    ["laid over another", 'mergeOverwrite (dict "a" false) .Values.t', "t: {}"],
    ["laid under another", 'merge (dict) .Values.t (dict "a" false)', "t: {}"],
  ])("%s", async (_how, made, values) => {
    const texts = {
      "values.yaml": `${values}\n`,
      "templates/a.yaml": `{{ $v := ${made} }}{{ if $v.a }}\n${pod("x/{{ .Chart.Name }}:1")}{{ end }}`,
    };
    expect(await linesOf(texts)).toEqual(["optional x/demo:1 by t.a=true"]);
  });
});

describe("a part behind an entry of what an empty setting is filled with is found", () => {
  it.each([
    ["all: []", "if .on", "all[0].on=true"],
    ["all: []", 'if eq .type "gpu"', "all[0].type=gpu"],
    ["all: {}", "if .on", "all.….on=true"],
  ])("%s, %s", async (values, condition, by) => {
    const texts = {
      "values.yaml": `${values}\n`,
      "templates/a.yaml": `{{ range .Values.all }}\n{{ ${condition} }}\n${pod("x/{{ $.Chart.Name }}:1")}{{ end }}{{ end }}`,
    };
    expect(await linesOf(texts)).toEqual([`optional x/demo:1 by ${by}`]);
  });

  it("and that is no other setting the next time", async () => {
    const texts = {
      "Chart.yaml": chartYaml("demo", "dependencies: [{name: in}]\n"),
      "values.yaml": "global: {all: []}\n",
      "templates/a.yaml": `{{ range .Values.global.all }}{{ if .on }}\n${pod("x/{{ $.Chart.Name }}:1")}{{ end }}{{ end }}`,
      ...subchart("in", {
        "templates/a.yaml": `{{ range .Values.global.all }}{{ if .on }}\n${pod("x/{{ $.Chart.Name }}:2")}{{ end }}{{ end }}`,
      }),
    };
    expect(await linesOf(texts)).toEqual([
      "optional x/demo:1 by global.all[0].on=true",
      "optional x/in:2 by global.all[0].on=true",
    ]);
  });
});

describe("a part behind an entry of what is not there is found", () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    [
      "of a setting that was only asked for",
      "x:",
      "{{ if .Values.x }}{{ if .Values.x.on }}",
      "x.on=true",
    ],
    ["of an empty text", 'x: ""', "{{ if .Values.x }}{{ if .Values.x.on }}", "x.on=true"],
    ["of the dot", "x:", "{{ with .Values.x }}{{ if .on }}", "x.on=true"],
    [
      "of what is global",
      "",
      "{{ if .Values.global }}{{ if .Values.global.on }}",
      "global.on=true",
    ],
    ["that is a text", "x:", '{{ with .Values.x }}{{ if eq .mode "y" }}', "x.mode=y"],
    ["of a table in it", "x:", "{{ with .Values.x }}{{ with .y }}{{ $_ := .on }}", "x.y.on=true"],
    ["of an item of an empty list", "x: []", "{{ range .Values.x }}{{ if .on }}", "x[0].on=true"],
    ["of an item of no list", "x:", "{{ range .Values.x }}{{ if .on }}", "x[0].on=true"],
    [
      "of an entry of an empty table",
      "x: {}",
      "{{ range $k, $v := .Values.x }}{{ if $v.on }}",
      "x.….on=true",
    ],
  ];

  it.each(cases.map(([of, values, ...asked]) => ({ of, values, asked })))(
    "$of",
    async ({ values, asked: [template, by] }) => {
      const texts = {
        "values.yaml": `repository: x/app\n${values}\n`,
        "templates/a.yaml": `${template}\n${pod("{{ $.Values.repository }}-opt:1")}{{ end }}{{ end }}`,
      };
      expect(await linesOf(texts)).toEqual([`optional x/app-opt:1 by ${by}`]);
    },
  );

  it("and no deeper than it is asked for", async () => {
    const texts = {
      "values.yaml": "x:\na: false\n",
      "templates/a.yaml": `{{ if .Values.x }}{{ .Values.a.b }}${pod("x/opt:1")}{{ end }}`,
    };
    expect(await linesOf(texts)).toEqual(["optional x/opt:1 by x=true"]);
  });
});

it("a setting is named as Helm takes it, in a list and with a dot in its key", async () => {
  const texts = {
    "values.yaml": 'jobs: [{side: false}]\n"a.b": {c/d: false}\n',
    "templates/a.yaml": `{{ range .Values.jobs }}{{ if .side }}${pod("x/side:1")}{{ end }}{{ end }}`,
    "templates/b.yaml": `{{ if index .Values "a.b" "c/d" }}${pod("x/dots:1")}{{ end }}`,
  };
  expect(await linesOf(texts)).toEqual([
    String.raw`optional x/dots:1 by a\.b.c/d=true`,
    "optional x/side:1 by jobs[0].side=true",
  ]);
});

it("a part that prints a table or list of the values is found, and a short name with a tag in them is suspected", async () => {
  const texts = {
    "values.yaml":
      "extra: {enabled: false, image: busybox:1.36}\nsides: {on: false, all: [{name: a, image: alpine:3}]}\nother: {image: nginx:1}\n",
    "templates/a.yaml": `apiVersion: x.example.org/v1\nkind: Thing\nmetadata: {name: a}\nspec:\n  image: x/app:1\n{{ if .Values.extra.enabled }}  before: {{ toYaml .Values.extra | nindent 4 }}\n{{ end }}{{ if .Values.sides.on }}  sidecars: {{ toYaml .Values.sides.all | nindent 4 }}\n{{ end }}`,
  };
  expect(await linesOf(texts)).toEqual([
    "needed x/app:1",
    "optional library/alpine:3 by sides.on=true",
    "optional library/busybox:1.36 by extra.enabled=true",
    "suspect library/nginx:1",
  ]);
});

it("a part that prints a file of the chart is found, whoever puts its path together", async () => {
  const texts = {
    "values.yaml": "side: false\nmore: false\n",
    "files/side.helm-yaml": pod("x/side:{{ .Chart.Version }}"),
    "files/more/a.yaml": pod("x/more:1"),
    "templates/_h.tpl":
      '{{ define "load" }}{{ tpl (.ctx.Files.Get (printf "files/%s" .file)) .ctx }}{{ end }}',
    "templates/a.yaml":
      '{{ if .Values.side }}{{ include "load" (dict "file" "side.helm-yaml" "ctx" $) }}{{ end }}',
    "templates/b.yaml":
      '{{ if .Values.more }}{{ range $path, $_ := .Files.Glob "files/more/*.yaml" }}{{ $.Files.Get $path }}{{ end }}{{ end }}',
  };
  expect(await linesOf(texts)).toEqual([
    "optional x/more:1 by more=true",
    "optional x/side:1.0.0 by side=true",
  ]);
});

it("a part is found where the chart prints its values, reads them again and puts them in their place", async () => {
  const texts = {
    "values.yaml": "side: {on: false, name: '{{ .Chart.Name }}'}\n",
    "templates/_h.tpl":
      '{{ define "again" }}{{ $_ := set . "Values" (tpl (toJson .Values) . | fromJson) }}{{ end }}',
    "templates/a.yaml": `{{ include "again" . }}{{ with .Values.side }}{{ if .on }}\n${pod("x/{{ .name }}:1")}{{ end }}{{ end }}`,
  };
  expect(await linesOf(texts)).toEqual(["optional x/demo:1 by side.on=true"]);
});

function wordsOf(prefix: string): string {
  return Array.from({ length: 2000 }, (_one, at) => `${prefix}${at}`).join(", ");
}

describe("what is looked for in lists of data", () => {
  it("is told of, and no list is filled with", async () => {
    const { images, unknowns } = await discoverImages(
      await makeChartOf({
        "values.yaml": `a: [${wordsOf("a")}]\nb: [${wordsOf("b")}]\n`,
        "templates/a.yaml": `{{ if has "x" (concat .Values.a .Values.b) }}\n${pod("x/{{ .Chart.Name }}:1")}{{ end }}`,
      }),
    );
    expect(images).toEqual([]);
    expect(unknowns.map(({ code }) => code)).toEqual(["NOT_EXPLORED"]);
  });
});
