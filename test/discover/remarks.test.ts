import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import { toFinding, type DiscoverOptions } from "../../src/discover/discovery.ts";
import { readUserValues } from "../../src/helm/values/user-values.ts";

async function said(texts: ChartTexts, options: DiscoverOptions = {}): Promise<string[]> {
  const { unknowns } = await discoverImages(await makeChartOf(texts), options);
  return unknowns.map((one) => `${toFinding(one).severity} ${one.code} ${one.message}`);
}

async function withValues(texts: ChartTexts, ...setJson: readonly string[]): Promise<string[]> {
  return said(texts, { values: [await readUserValues({ setJson })] });
}

function schema(draft: string, rest: object): ChartTexts {
  return {
    "values.yaml": "size: x\n",
    "values.schema.json": JSON.stringify({ $schema: draft, ...rest }),
  };
}

describe("a chart", () => {
  it("that is deprecated, a prerelease or for another Kubernetes is warned of", async () => {
    const texts = {
      "Chart.yaml": chartYaml("demo", "deprecated: true\nkubeVersion: '<1.30.0-0'\n").replace(
        "version: 1.0.0",
        "version: 1.0.0-rc.1",
      ),
    };
    expect(await said(texts)).toEqual([
      "warning CHART_DEPRECATED demo 1.0.0-rc.1 is deprecated",
      "warning CHART_PRERELEASE demo 1.0.0-rc.1 is a prerelease: ranges leave it out",
      "warning KUBE_VERSION demo 1.0.0-rc.1 is for Kubernetes <1.30.0-0, not for v1.35.0",
    ]);
    expect(await said(texts, { kubeVersion: "1.29" })).toHaveLength(2);
  });
});

describe("the notes of a chart", () => {
  const refusing = {
    "values.yaml": "mode: ''\n",
    "templates/NOTES.txt": `{{ if not .Values.mode }}{{ fail "mode must be set" }}{{ end }}
image: quay.io/acme/shown:1.0
`,
  };

  it("refuse values as any template does, a subchart's too", async () => {
    const refused = ["warning VALUES_REFUSED the chart refuses these values: mode must be set"];
    expect(await said(refusing)).toEqual(refused);
    expect(await said(subchart("sub", refusing))).toEqual(refused);
    expect(await withValues(refusing, '{"mode": "x"}')).toEqual([]);
  });

  it("see what the templates before them have set", async () => {
    const texts = {
      "templates/a.yaml": '{{ $_ := set .Values "site" (dict "host" "a.example") }}',
      "templates/NOTES.txt": "Open {{ .Values.site.host }}",
    };
    expect(await said(texts)).toEqual([]);
  });

  it("hold no images", async () => {
    const { images } = await discoverImages(await makeChartOf(refusing));
    expect(images).toEqual([]);
  });
});

describe("what stands in the way in several places", () => {
  it("is said once where the chart refuses values, and not where it follows from another", async () => {
    const refusal = '{{ fail "give a namespace" }}\n';
    expect(await said({ "templates/a.yaml": refusal, "templates/b.yaml": refusal })).toEqual([
      "warning VALUES_REFUSED the chart refuses these values: give a namespace",
    ]);
    const following = "{{ $all := index .Values.all 0 }}\n{{ $one := index $all 0 }}\n{{ $one }}";
    expect(await said({ "templates/a.yaml": following })).toEqual([
      "warning TEMPLATE_NOT_EVALUATED could not evaluate templates/a.yaml:1: error calling index: index of untyped nil: .Values.all has no value",
    ]);
    const missing = '{{ $x := include "a" . }}{{ $x }}\n{{ include "b" . }}\n{{ $one }}';
    expect(await said({ "templates/a.yaml": missing })).toEqual([
      "warning TEMPLATE_NOT_EVALUATED could not evaluate 2 places, templates/a.yaml:1 and others: no chart in it defines the templates that they call, a, b",
      'warning TEMPLATE_NOT_EVALUATED could not evaluate templates/a.yaml:3: undefined variable "$one"',
    ]);
    expect(await said({ "templates/a.yaml": "{{ $one }}" })).toEqual([
      'warning TEMPLATE_NOT_EVALUATED could not evaluate templates/a.yaml:1: undefined variable "$one"',
    ]);
  });
});

const call = (name: string): string => `{{ $x := include "common.${name}" . }}{{ $x }}\n`;

describe("templates that no chart defines", () => {
  it("are said once, however many places call them", async () => {
    const texts = {
      "templates/a.yaml": call("name") + call("labels") + call("name"),
      "templates/b.yaml": `{{ nope }}\n${call("image")}`,
    };
    expect(await said(texts)).toEqual([
      "warning TEMPLATE_NOT_EVALUATED could not evaluate 4 places, templates/b.yaml:2 and others: no chart in it defines the templates that they call, common.image, common.labels, common.name",
      'warning TEMPLATE_NOT_EVALUATED could not evaluate templates/b.yaml:1: function "nope" is not known',
    ]);
    expect(await said({ "templates/a.yaml": '{{ template "x" . }}' })).toEqual([
      'warning TEMPLATE_NOT_EVALUATED could not evaluate templates/a.yaml:1: template "x" not defined',
    ]);
  });
});

describe("values of which no template makes anything", () => {
  const texts = {
    "values.yaml": "replicas: 1\nimage: {tag: a}\nlabels: {}\n",
    "templates/a.yaml":
      "a: |\n  {{ .Values.replicas }}{{ .Values.image.tag }}{{ toYaml .Values.labels }}{{ .Values.hidden }}{{ range .Values.all }}{{ . }}{{ end }}{{ .Values.sub.size }}",
    ...subchart("sub", { "values.yaml": "size: 1\n", "templates/a.yaml": "b: {{ .Values.size }}" }),
  };

  it("are warned of, a subchart's too", async () => {
    const given = '{"replicaCuont": 2, "image": {"tga": "b"}, "sub": {"sise": 1}, "zzz": {"y": 1}}';
    expect(await withValues(texts, given)).toEqual([
      "warning VALUE_UNUSED no template reads replicaCuont, image.tga, sub.sise, zzz",
    ]);
  });

  it("are none that the chart knows, leaves to be filled, or reads without saying so", async () => {
    const given =
      '{"replicas": 2, "labels": {"x/y": "z"}, "hidden": 1, "all": ["q"], "global": {"p": 1}, "sub": {"size": 2}}';
    expect(await withValues(texts, given)).toEqual([]);
    const whole = { "values.yaml": "a: {b: 1}\n", "templates/a.yaml": "{{ toYaml .Values.a }}" };
    expect(await withValues(whole, '{"a": {"more": 1}}')).toEqual([]);
  });
});

describe("values.schema.json", () => {
  it.each([
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
  ])("of %s refuses values, and what it requires is named with the rest", async (draft) => {
    const texts = {
      ...schema(draft, {
        required: ["key"],
        properties: { size: { type: "integer" }, db: { type: "object" } },
      }),
      "templates/a.yaml": 'a: {{ required "no host" .Values.host }}',
    };
    expect(await said(texts)).toEqual([
      "warning VALUES_REFUSED give host, key: the chart requires them (values.schema.json requires key; no host)",
      'warning VALUES_REFUSED the chart refuses these values: size: expected a whole number, found "x" (values.schema.json)',
    ]);
  });

  it("takes what fits it, a subchart's under its own name", async () => {
    const fits = schema("", { properties: { size: { type: "string", pattern: "^x$" } } });
    expect(await said(fits)).toEqual([]);
    const inner = subchart("sub", schema("", { properties: { size: { type: "integer" } } }));
    expect(await said(inner)).toEqual([
      'warning VALUES_REFUSED the chart refuses these values: sub.size: expected a whole number, found "x" (charts/sub/values.schema.json)',
    ]);
  });

  it.each([
    [
      "refers to the web",
      { $ref: "https://example.com/x.json" },
      'it refers to "https://example.com/x.json", which it does not hold',
    ],
    ["has a pattern that Go does not know", { properties: { size: { pattern: "(?=x)" } } }, "(?="],
  ])("that %s is not used, which is said", async (_what, rest, reason) => {
    const [line, ...others] = await said(schema("", rest));
    expect(line).toContain("info SCHEMA_NOT_CHECKED");
    expect(line).toContain(reason);
    expect(others).toEqual([]);
  });

  it.each([
    ["{", "it is cut off at its end, line 1, column 2"],
    ["<html>", "a web page"],
    [`${'{"not":'.repeat(20_000)}true${"}".repeat(20_000)}`, "it is nested too deeply"],
    ["null", "expected an object"],
    ['{"type": "text"}', "it is no schema that can be used ("],
  ])("that cannot be used is not, and that is said in words: %.20s", async (text, reason) => {
    const [line, ...others] = await said({ "values.schema.json": text });
    expect(line).toContain("info SCHEMA_NOT_CHECKED");
    expect(line).toContain(reason);
    expect(line).not.toMatch(/JSON at position|call stack|Unexpected token/);
    expect(others).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["a: 1", { type: "string" }, "a: expected a text, found 1"],
    ["a: [1]", { type: ["string", "null"] }, "a: expected a text or nothing (null), found a list"],
    ["a: c", { enum: ["a", "b"] }, 'a: expected one of ["a","b"], found "c"'],
    ["a: 5", { maximum: 4 }, "a: expected at most 4, found 5"],
    ["a: 4", { exclusiveMaximum: 4 }, "a: expected less than 4, found 4"],
    ["a: x", { minLength: 2 }, "a: expected a text of at least 2 characters"],
    ["a: x", { pattern: "^y" }, 'a: expected a text that fits the pattern "^y", found "x"'],
    ["a: []", { minItems: 1 }, "a: expected a list of at least 1"],
    ["a: [1, 1]", { uniqueItems: true }, "a: expected a list in which nothing stands twice"],
    ["a: {b: 1}", { additionalProperties: false }, 'a: there is no setting "b" here'],
    ["a: {b: 1}", { propertyNames: { pattern: "c" } }, 'a: no setting may have the name "b"'],
    ["a: {b: 1}", { dependencies: { b: ["c"] } }, 'a: "b" needs c beside it'],
    ["a: 1", { anyOf: [{ const: 2 }] }, "a: fits none of the forms that the chart takes"],
    [
      "a: 1",
      { oneOf: [{ type: "integer" }, { const: 1 }] },
      "a: fits several of the forms of which the chart takes one",
    ],
    ["a: 1", { not: { const: 1 } }, "a: has a form that the chart rules out"],
    ["a: 1", { if: { const: 2 }, else: false }, "a: does not fit what other settings ask of it"],
    ["a: 1", false as unknown as object, "a: must not be set"],
  ])("tells of `%s` what does not fit %j in words", async (values, rule, words) => {
    const texts = {
      "values.yaml": `${values}\n`,
      "values.schema.json": JSON.stringify({ properties: { a: rule } }),
      "templates/a.yaml": "a: {{ .Values.a }}",
    };
    expect((await said(texts)).join("\n")).toContain(words);
  });
});
