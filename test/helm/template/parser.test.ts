import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Template } from "../../../src/helm/template/ast.ts";
import { tokenize } from "../../../src/helm/template/lexer.ts";
import { parseTemplate } from "../../../src/helm/template/parser.ts";
import { endsWell } from "../../chart/ends-well.ts";
import { refusal } from "../../refusal.ts";

const parse = (source: string): Template => parseTemplate(source, { file: "t.yaml" });

const isNotable = (text: string): boolean => text.includes("image");

describe("tokenize()", () => {
  it("trims space beside a marker with a dash, and only there", () => {
    const texts = tokenize("a \n {{- 1 -}} \n b {{-3}} c").flatMap((token) =>
      token.kind === "text" ? [token.text] : [],
    );
    expect(texts).toEqual(["a", "b ", " c"]);
  });

  it("counts lines through actions and comments of several lines", () => {
    const tokens = tokenize("a\n{{/* x\ny */}}\n{{ foo\n  .bar }}\nz");
    const lines = tokens.map((token) =>
      "text" in token ? `${token.text.trim()}:${token.line}` : "",
    );
    expect(lines.filter((text) => /[a-z]/.test(text))).toEqual(["a:1", "foo:4", "z:5"]);
  });

  it("takes letters and digits of all scripts for parts of names, as Go does", () => {
    const tokens = tokenize("{{ .a.é.b $ü.x größe a٣ .٣ }}").slice(1, -1);
    expect(
      tokens.map((token) => ("names" in token ? token.names : "text" in token && token.text)),
    ).toEqual([["a", "é", "b"], ["$ü", "x"], "größe", "a٣", ["٣"]]);
  });

  it("takes braces in a literal for what they are", () => {
    expect(tokenize('{{ "}}" }}').map(({ kind }) => kind)).toEqual(["open", "constant", "close"]);
  });
});

describe("parseTemplate()", () => {
  it("keeps a condition as it is written, with its line", () => {
    const [, node] = parse("x\n{{- if and .a (not .b) }}\ny{{ end }}").body.nodes;
    expect(node).toMatchObject({ type: "if", line: 2, source: "and .a (not .b)" });
  });

  it("takes else if as a branch in the branch", () => {
    const [node] = parse("{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}").body.nodes;
    const inner = node !== undefined && "otherwise" in node ? node.otherwise?.nodes[0] : undefined;
    expect(inner).toMatchObject({ type: "if", source: ".b" });
  });

  it("keeps the definition that says something", () => {
    const { defines } = parse('{{ define "a" }}x{{ end }}{{ define "a" }} {{ end }}');
    expect(defines.get("a")?.body.nodes).toMatchObject([{ text: "x" }]);
  });

  it("says which parts speak of what is looked for, through everything inside", () => {
    const source =
      '{{ if .a }}{{ with .b }}{{ .c.image }}{{ end }}{{ else }}{{ .d }}{{ include "x" . }}{{ end }}';
    const [node] = parseTemplate(source, { file: "t", isNotable }).body.nodes;
    expect(node).toMatchObject({
      body: { notable: true },
      otherwise: { notable: false, literals: ["x"] },
    });
  });

  it.each([
    ["{{ if }}x{{ end }}", "a value or function is missing"],
    ["{{ if .a }}x", "{{if}} is not closed"],
    ["{{ end }}", "unexpected {{end}}"],
    ["{{ .a", "an action is not closed"],
    ["{{ (.a }}", "a parenthesis is not closed"],
    ['{{ "a }}', "unexpected"],
    ["{{ define x }}{{ end }}", "expected a name in quotes"],
    ["{{ -a }}", "unexpected"],
    ["{{ if .a }}".repeat(300), "more than 200 blocks deep"],
    [`{{ ${"(".repeat(300)} }}`, "more than 100 parentheses deep"],
    ['{{ "\\z" }}', "unknown escape"],
  ])("refuses %s", async (source, reason) => {
    const error = await refusal(() => parse(source));
    expect(error.code).toBe("DRAY_TEMPLATE_INVALID");
    expect(error.message).toContain(reason);
  });

  it("names file and line", async () => {
    const error = await refusal(() => parse("a\n\n{{ if }}{{ end }}"));
    expect(error.message).toContain("t.yaml:3");
  });

  it("throws nothing but DrayError", () => {
    const pieces = fc.constantFrom(
      "{{",
      "}}",
      "{{-",
      "-}}",
      " ",
      "if",
      "else",
      "end",
      "range",
      "with",
      "define",
      "template",
      "block",
      "break",
      ".a",
      "$x",
      ":=",
      "=",
      "|",
      "(",
      ")",
      ",",
      '"a"',
      "`",
      "'",
      "1",
      "0x",
      "/*",
      "*/",
      "\n",
      "nil",
      "true",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (all) => {
        expect(endsWell(() => parse(all.join("")))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
