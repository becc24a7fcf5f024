import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeChartOf } from "../../fixtures/charts.ts";
import { renderChart } from "../../fixtures/rendered-chart.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { defaults } from "../../src/defaults.ts";
import { openHelmRenderer } from "../../src/discover/helm-binary.ts";
import { readUserValues } from "../../src/helm/values/user-values.ts";

/** Prints each value with its type. */
const TEMPLATE = `
{{- define "each" }}
{{- if kindIs "map" .value }}
{{- range $key, $value := .value }}{{ include "each" (dict "at" (print $.at "/" $key) "value" $value) }}{{ end }}
{{- else if kindIs "slice" .value }}
{{- range $key, $value := .value }}{{ include "each" (dict "at" (print $.at "/" $key) "value" $value) }}{{ end }}
{{- else }}
# {{ .at }} {{ typeOf .value }} {{ .value }}
{{- end }}{{ end }}
{{- include "each" (dict "at" "" "value" .Values) }}
`;

const TEXTS = {
  "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
  "values.yaml": "file: {int: 3, big: 20240101, list: [1, {a: 1}]}\n",
  "templates/a.yaml": TEMPLATE,
};

/** What may be given, with the flag of Helm's that it is given by. */
const SET = [
  "int=20240101,zero=0,minus=-5,plus=+7,padded=-05,minusZero=-0",
  "long=9223372036854775807,longer=9223372036854775808,eighteen=1234567890123456789",
  "octal=0777,exponent=1e3,half=1.5,hex=0x10,yes=yes,true=true,False=FALSE,none=null,empty=",
  "file.list[1].a=9,file.list[0]=8,deep[1].x[0]=4,braces={1,a,2}",
  "emptyBraces={},noComma={1}after=2,begun[0].a=,indexed[0]=1,indexed[0].b=2,indexed[+2][1]=3",
  String.raw`dotted\.key/with\=all\,of\[it\]=6`,
];
const SET_STRING = ["text=5,textTrue=true"];
const SET_JSON = [
  'json={"int": 5, "big": 12345678901, "list": [1, true, null]}',
  "bare=7",
  'one={"a": 1}two=02=3',
];

it("values that are given reach a helm with the types that helm's own flags give them", async (context) => {
  const helm = (await defaults().helm()) ?? context.skip("needs helm");
  const folder = await temporaryDirectory();
  await mkdir(join(folder, "templates"));
  for (const [path, text] of Object.entries(TEXTS)) await writeFile(join(folder, path), text);
  const flags = [
    ...SET_JSON.flatMap((one) => ["--set-json", one]),
    ...SET.flatMap((one) => ["--set", one]),
    ...SET_STRING.flatMap((one) => ["--set-string", one]),
  ];
  const wanted = linesOf(execFileSync(helm, ["template", folder, ...flags], { encoding: "utf8" }));
  expect(wanted.length).toBeGreaterThan(30);
  const chart = await makeChartOf(TEXTS);
  const values = await readUserValues({ set: SET, setString: SET_STRING, setJson: SET_JSON });
  const renderer = await openHelmRenderer(chart, { helm });
  try {
    expect(linesOf(await renderer.render(values))).toEqual(wanted);
  } finally {
    await renderer.close();
  }
  expect(linesOf(renderChart(chart, { values })[0]?.text ?? "")).toEqual(wanted);
});

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("# /"));
}
