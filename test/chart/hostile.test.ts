import { describe, expect, it } from "vitest";
import { makeChartOf, type ChartTexts } from "../../fixtures/charts.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import type { BudgetLimits } from "../../src/helm/template/budget.ts";
import { toFinding, type Discovery } from "../../src/discover/discovery.ts";

/** A hundredth of what is allowed, so that the tests do not wait for the rest. */
const LIMITS: BudgetLimits = { steps: 40_000, characters: 2 * 1024 * 1024 };

async function discover(texts: ChartTexts): Promise<Discovery> {
  return discoverImages(await makeChartOf(texts), { limits: LIMITS });
}

const template = (text: string): ChartTexts => ({ "templates/a.yaml": text });

const DEEP = '{{ $d := dict "a" 1 }}{{ range until 60 }}{{ $d = dict "a" $d "b" $d }}{{ end }}';

describe("a template that never ends", () => {
  it.each<[string, ChartTexts]>([
    [
      "includes itself",
      {
        ...template('{{ include "a" . }}'),
        "templates/_h.tpl": '{{ define "a" }}{{ include "a" . }}{{ include "a" . }}{{ end }}',
      },
    ],
    [
      "runs itself as text",
      {
        ...template("{{ tpl .Values.t . }}"),
        "values.yaml": 't: "{{ tpl .Values.t . }}{{ tpl .Values.t . }}"',
      },
    ],
    [
      "counts on and on",
      template("{{ range until 100000 }}{{ range until 100000 }}x{{ end }}{{ end }}"),
    ],
    ["counts too far", template("{{ range until 2000000000 }}{{ end }}")],
    ["repeats a text", template('{{ repeat 2000000000 "x" }}')],
    [
      "doubles a text",
      template('{{ $x := "aa" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}'),
    ],
    [
      "doubles a list",
      template("{{ $x := list 1 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}"),
    ],
    [
      "prints a dictionary that holds itself",
      template('{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ $d }}'),
    ],
    ["prints dictionaries that hold each other", template(`${DEEP}{{ $d }}`)],
    ["writes them as YAML", template(`${DEEP}{{ toYaml $d }}`)],
    ["copies them", template(`${DEEP}{{ $x := deepCopy $d }}`)],
    [
      "compares them",
      template(`${DEEP}{{ $e := deepCopy (dict "a" $d) }}{{ has $d (list $d $e) }}`),
    ],
    ["replaces letters by texts", template('{{ $x := repeat 60000 "a" }}{{ replace "a" $x $x }}')],
    [
      "indents what it indented",
      template(
        '{{ $x := repeat 100000 "\\n" }}{{ range until 100 }}{{ $x = nindent 9000 $x }}{{ end }}',
      ),
    ],
    [
      "sorts large lists again and again",
      template("{{ $x := until 100000 }}{{ range until 10000 }}{{ $y := sortAlpha $x }}{{ end }}"),
    ],
    [
      "looks for each match to the end of a text",
      template('{{ regexReplaceAll "(a.*z)|a" (repeat 30000 "a") "b" }}'),
    ],
    ["nests without end", template("{{ if true }}".repeat(5000))],
  ])("because it %s is given up and said", async (_why, texts) => {
    const { complete, unknowns } = await discover(texts);
    expect(complete).toBe(false);
    expect(unknowns[0]).toMatchObject({ code: "TEMPLATE_NOT_EVALUATED", needed: true });
  });

  it("does not keep the other templates from being read", async () => {
    const pod = "kind: Pod\nspec: {containers: [{name: a, image: 'x/y:1'}]}\n";
    const texts = {
      "templates/b.yaml": '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
      "templates/a.yaml": pod,
      "templates/c.yaml": pod.replace("y:1", "z:1"),
    };
    const { images } = await discover(texts);
    expect(images.map(({ image }) => image)).toEqual(["docker.io/x/y:1", "docker.io/x/z:1"]);
  });
});

describe("a pattern that would take for ever", () => {
  it("takes as long as its text", async () => {
    const pattern = '# {{ regexMatch "(a*)*(a*)*b" (repeat 50000 "a") }}';
    const chart = await makeChartOf(template(pattern));
    expect((await discoverImages(chart)).complete).toBe(true);
  });

  it("is given up where pattern and text are both long", async () => {
    const pattern = '{{ regexMatch "(a{1,100}){1,9}b" (repeat 50000 "a") }}';
    const { unknowns } = await discoverImages(await makeChartOf(template(pattern)));
    expect(unknowns[0]?.message).toContain("takes too long");
  });
});

describe("settings without number", () => {
  it("are not all tried, and that is said", async () => {
    const numbers = Array.from({ length: 450 }, (_item, index) => index);
    const { unknowns, images } = await discover({
      "values.yaml": numbers.map((index) => `f${index}: false`).join("\n"),
      "templates/a.yaml": numbers
        .map((index) => `{{ if .Values.f${index} }}\nimage: a/b:1.${index}\n{{ end }}`)
        .join("\n"),
    });
    const spent = unknowns.filter(({ code }) => code === "BUDGET_SPENT");
    expect(spent.map(({ message }) => message)).toEqual([
      "optional images may be missing: not tried are f400=true, f401=true, f402=true, f403=true, f404=true, f405=true, f406=true, f407=true and 42 more",
    ]);
    expect(spent.map(toFinding)).toMatchObject([{ severity: "warning" }]);
    expect(images).toHaveLength(450);
  });
});

describe("a rendered document", () => {
  it("that is an alias bomb is not read, and that is said", async () => {
    const lines = Array.from("bcdefghij").map((name, index) => {
      const aliases = Array.from({ length: 10 }, () => `*${"abcdefghij"[index] ?? ""}`);
      return `${name}: &${name} [${aliases.join(",")}]`;
    });
    const bomb = `kind: X\nimage: a\na: &a [x,x,x,x,x,x,x,x,x,x]\n${lines.join("\n")}\n`;
    const { complete, unknowns } = await discover(template(bomb));
    expect(complete).toBe(false);
    expect(unknowns[0]?.message).toContain("more than 500000 values");
  });
});
