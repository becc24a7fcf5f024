import { describe, expect, it } from "vitest";
import { makeChartOf, subchart, type ChartTexts } from "../../fixtures/charts.ts";
import { defaults } from "../../src/defaults.ts";
import { openHelmRenderer } from "../../src/discover/helm-binary.ts";
import { renderFiles, RenderSession } from "../../src/helm/render/render.ts";
import { TemplateParser, templateSet } from "../../src/helm/render/template-set.ts";
import { Budget } from "../../src/helm/template/budget.ts";
import type { Dict, Value } from "../../src/helm/template/value.ts";
import { composeChart } from "../../src/helm/values/compose.ts";
import { nested } from "../../src/helm/values/path.ts";

/** Two subcharts of which the one that runs first changes what is global, at each depth. */
const TEXTS: ChartTexts = {
  "values.yaml": "global: {top: 1, a: {l1: 1, b: {l2: 1, c: {l3: 1}}}}\n",
  "templates/a.yaml": "# demo {{ toJson .Values.global }}\n",
  ...subchart("reader", { "templates/a.yaml": "# reader {{ toJson .Values.global }}\n" }),
  ...subchart("writer", {
    "templates/a.yaml":
      '{{ $_ := set .Values.global "w" 1 }}{{ $_ = set .Values.global.a "w" 1 }}' +
      '{{ $_ = set .Values.global.a.b "w" 1 }}{{ $_ = set .Values.global.a.b.c "w" 1 }}' +
      "# writer {{ toJson .Values.global }}\n",
  }),
};

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => /^# (?:demo|reader|writer)/.test(line));
}

async function printedByHelm(helm: string, given: Dict): Promise<string[]> {
  const renderer = await openHelmRenderer(await makeChartOf(TEXTS), { helm });
  try {
    return linesOf(await renderer.render(given)).toSorted();
  } finally {
    await renderer.close();
  }
}

/** Twice with the setting put in later, as when settings are tried: what the first run changed is undone. */
async function printedHere(
  given: Dict,
  path?: readonly string[],
  value?: Value,
): Promise<string[]> {
  const root = composeChart(await makeChartOf(TEXTS), given);
  const set = templateSet(root, new TemplateParser());
  const session = new RenderSession();
  const overrides = path === undefined ? [] : [{ path, value: value ?? null }];
  const print = (): string[] =>
    renderFiles(root, set, { budget: new Budget(), cluster: {}, release: {}, session, overrides })
      .flatMap(({ text }) => linesOf(text))
      .toSorted();
  const first = print();
  expect(print()).toEqual(first);
  return first;
}

describe("what a template changes in global values is seen by other charts where Helm shows it", () => {
  it("in values that are given", async (context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    expect(await printedHere(new Map())).toEqual(await printedByHelm(helm, new Map()));
  });

  it.for<[string[], object]>([
    [["global"], { a: { l1: 2, b: { c: {} } } }],
    [["global", "a"], { b: { l2: 2, c: { l3: 2 } } }],
    [["global", "a", "b"], { l2: 3, c: {} }],
    [["global", "a", "b", "c"], { l3: 4 }],
  ])("in a table that is tried as %j", async ([path, plain], context) => {
    const helm = (await defaults().helm()) ?? context.skip("needs helm");
    const wanted = await printedByHelm(helm, nested(path, tableOf(plain)));
    const found = await printedHere(new Map(), path, tableOf(plain));
    expect(found.map(changesIn)).toEqual(wanted.map(changesIn));
  });
});

/** Where the writer left its mark; what was there before a table was put in its place is of no interest. */
function changesIn(line: string): string {
  const [, chart = "", json = ""] = /^# (\w+) (.*)$/.exec(line) ?? [];
  const marks: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      if (key === "w") marks.push(path);
      look(item, `${path}.${key}`);
    }
  };
  look(JSON.parse(json), "global");
  return `${chart} ${marks.toSorted().join(" ")}`;
}

function tableOf(plain: object): Dict {
  return new Map(
    Object.entries(plain).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === "object" && value !== null ? tableOf(value) : Number(value),
    ]),
  );
}
