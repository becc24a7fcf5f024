import { describe, expect, it } from "vitest";
import { chartYaml, makeChartOf, subchart, type ChartTexts } from "../../../fixtures/charts.ts";
import { renderChart, type RenderChartOptions } from "../../../fixtures/rendered-chart.ts";
import type { RenderedFile } from "../../../src/helm/render/render.ts";

async function render(
  texts: ChartTexts,
  options: RenderChartOptions = {},
): Promise<RenderedFile[]> {
  return renderChart(await makeChartOf(texts), options);
}

async function printed(texts: ChartTexts, options: RenderChartOptions = {}): Promise<string> {
  const [file] = await render({ ...texts }, options);
  return file?.text.trim() ?? "";
}

const define = (text: string): string => `{{ define "name" }}${text}{{ end }}`;

describe("renderChart()", () => {
  it("prints every template but partials and notes, deepest first", async () => {
    const files = await render({
      "templates/a.yaml": "a",
      "templates/_b.tpl": "b",
      "templates/NOTES.txt": "n",
      ...subchart("sub", { "templates/c.yaml": "c" }),
    });
    expect(files.map(({ file }) => file.name)).toEqual([
      "demo/charts/sub/templates/c.yaml",
      "demo/templates/a.yaml",
    ]);
  });

  it("lets the parent's named templates replace those of a subchart", async () => {
    const files = await render({
      "templates/_h.tpl": define("parent"),
      ...subchart("sub", {
        "templates/_h.tpl": define("own"),
        "templates/a.yaml": '{{ include "name" . }}',
      }),
    });
    expect(files[0]?.text).toBe("parent");
  });

  it("prints nothing of a library chart", async () => {
    const texts = subchart("lib", {
      "Chart.yaml": chartYaml("lib", "type: library\n"),
      "templates/a.yaml": "x",
      "templates/_h.tpl": '{{ define "lib.x" }}from lib{{ end }}',
    });
    expect(await printed({ "templates/a.yaml": '{{ include "lib.x" . }}', ...texts })).toBe(
      "from lib",
    );
  });

  it("gives a subchart its own values, its alias for a name, and the parent's globals", async () => {
    const files = await render({
      "Chart.yaml": chartYaml("demo", "dependencies:\n- {name: sub, version: 1.x, alias: other}\n"),
      "values.yaml": "global: {g: 1}\nother: {a: 2}\n",
      ...subchart("sub", {
        "templates/a.yaml":
          "{{ .Chart.Name }} {{ .Values.a }} {{ .Values.global.g }} {{ .Chart.IsRoot }}",
      }),
    });
    expect(files[0]?.text).toBe("other 2 1 false");
  });

  it("lets a template see what an earlier one changed in the values", async () => {
    const files = await render({
      "values.yaml": "a: {}\n",
      "templates/z.yaml": '{{ $_ := set .Values.a "x" "changed" }}',
      "templates/a.yaml": "{{ .Values.a.x }}",
    });
    expect(files.map(({ text }) => text)).toEqual(["", "changed"]);
  });

  it("includes a whole file by its name", async () => {
    const text = '{{ include (print $.Template.BasePath "/b.txt") . | sha256sum | trunc 8 }}';
    const files = await render({ "templates/a.yaml": text, "templates/b.txt": "hello" });
    expect(files.find(({ file }) => file.path.endsWith("a.yaml"))?.text).toBe("2cf24dba");
  });

  it("lets tpl define and call named templates of its own", async () => {
    const texts = {
      "values.yaml": `t: '{{ define "x" }}X{{ end }}{{ include "x" . }}{{ .Values.v }}'\nv: 1\n`,
    };
    expect(await printed({ ...texts, "templates/a.yaml": "{{ tpl .Values.t . }}" })).toBe("X1");
  });

  it("reads no environment, no host and no cluster", async () => {
    const text = '{{ getHostByName "example.com" | quote }}{{ lookup "v1" "Secret" "" "" | len }}';
    expect(await printed({ "templates/a.yaml": text })).toBe('""0');
    const [file] = await render({ "templates/a.yaml": '{{ env "HOME" }}' });
    expect(file?.problems[0]?.reason).toBe('function "env" is not known');
  });

  it("has what Go's type of .Values can do", async () => {
    const texts = { "values.yaml": "a: {b: 1}\n", "templates/a.yaml": "{{ .Values.AsMap.a.b }}" };
    expect(await printed(texts)).toBe("1");
  });

  it("knows the APIs that it is told of", async () => {
    const texts = {
      "templates/a.yaml":
        '{{ .Capabilities.APIVersions.Has "x/v1" }}{{ has "v1" .Capabilities.APIVersions }}',
    };
    expect(await printed(texts, { apiVersions: ["x/v1"] })).toBe("truetrue");
  });
});

describe("an action that fails", () => {
  it("prints nothing, is reported with file and line, and the rest goes on", async () => {
    const [file] = await render({
      "templates/a.yaml": "a: 1\nb: {{ .Values.none.x }}\nc: {{ nope }}\nd: {{ 4 }}\n",
    });
    expect(file?.text).toBe("a: 1\nb: \nc: \nd: 4\n");
    expect(file?.problems).toMatchObject([
      {
        file: "templates/a.yaml",
        line: 2,
        reason: "nil pointer evaluating interface {}.x",
        refused: false,
      },
      { line: 3, reason: 'function "nope" is not known' },
    ]);
  });

  it("in a named template is reported where it stands", async () => {
    const [file] = await render({
      "templates/_h.tpl": '\n{{ define "h" }}\n{{ .x.y }}ok{{ end }}',
      "templates/a.yaml": '{{ include "h" (dict "x" "s") }}',
    });
    expect(file?.text.trim()).toBe("ok");
    expect(file?.problems).toMatchObject([{ file: "templates/_h.tpl", line: 3 }]);
  });

  it("because the chart refuses the values is told apart", async () => {
    const [file] = await render({
      "templates/a.yaml": '{{ required "say x" .Values.x }}{{ fail "never" }}image: a\n',
    });
    expect(file?.text).toBe("image: a\n");
    expect(file?.problems.map(({ reason, refused }) => [reason, refused])).toEqual([
      ["say x", true],
      ["never", true],
    ]);
  });
});

describe("the lines of a rendered file", () => {
  it("are those of the template, also behind conditions and includes", async () => {
    const [file] = await render({
      "templates/_h.tpl": '{{ define "h" }}one\ntwo{{ end }}',
      "templates/a.yaml":
        'first\n{{- if true }}\nsecond: {{ 1 }}\n{{- end }}\n{{ include "h" . | nindent 2 }}\nlast\n',
    });
    const lines = file?.text
      .split("\n")
      .map((text, index) => `${text.trim()} ${file.lines[index] ?? 0}`);
    expect(lines?.filter((line) => /[a-z]/.test(line))).toEqual([
      "first 1",
      "second: 1 3",
      "one 5",
      "two 5",
      "last 6",
    ]);
  });
});
