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
  ])("but not where %s is the installer's", async (_name, image) => {
    const texts = {
      "values.yaml": 'own: ""\n',
      "templates/a.yaml": `{{ if .Values.own }}\n${pod(image)}{{ end }}`,
    };
    expect(await saidOf(texts)).toEqual([]);
  });
});
