import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chartFileMap } from "../../fixtures/charts.ts";
import { DrayError } from "../../src/errors.ts";
import { discoverImages } from "../../src/discover/discover-images.ts";
import { loadChartFiles } from "../../src/chart/load-chart.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";

const LIMITS = { steps: 20_000, characters: 1024 * 1024 };

const expression = fc.constantFrom(
  ".Values.a",
  ".Values.b.c",
  ".Values.list",
  "$",
  ".",
  "nil",
  "1",
  '"x"',
  "(list 1 2)",
  "(dict)",
  ".Values.a | quote",
  'include "h" .',
  "tpl .Values.t .",
  "toYaml .",
  "until 3",
  "index .Values.list 0",
  "merge (dict) .Values.b",
  'printf "%s" .Values.a',
  "default 1 .Values.z",
  'regexMatch .Values.a "x"',
  "fromYaml .Values.t",
  'semverCompare .Values.a "1.0.0"',
  "first .Values.list",
  'set .Values "k" 1',
);

const { block } = fc.letrec<{ block: string }>((tie) => ({
  block: fc.oneof(
    { maxDepth: 3 },
    expression.map((text) => `{{ ${text} }}`),
    fc.constantFrom(
      "image: a/b:1\n",
      "kind: Pod\n",
      "---\n",
      "spec:\n  containers:\n  - image: x\n",
      " ",
      ": ",
      "- ",
    ),
    fc
      .tuple(
        fc.constantFrom("if", "with", "range"),
        expression,
        fc.array(tie("block"), { maxLength: 3 }),
      )
      .map(([word, text, inner]) => `{{ ${word} ${text} }}${inner.join("")}{{ else }}x{{ end }}`),
  ),
}));

const values = fc.constantFrom(
  "",
  "a: x\nb: {c: false}\nlist: [1]\nt: '{{ .Values.a }}'\n",
  "a: [\n",
  "a: null\nb: 1\n",
  "global: 3\n",
);

describe("any chart", () => {
  it("is read or refused with a DrayError, and every image is a reference", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(block, { maxLength: 6 }), values, async (blocks, text) => {
        const files = chartFileMap({
          "values.yaml": text,
          "templates/_h.tpl": '{{ define "h" }}{{ .Values.a }}{{ end }}',
          "templates/a.yaml": blocks.join("\n"),
        });
        try {
          const discovery = await discoverImages(await loadChartFiles(files, "any"), {
            limits: LIMITS,
          });
          for (const { image } of discovery.images) {
            expect(formatReference(parseReference(image))).toBe(image);
          }
        } catch (error) {
          if (!(error instanceof DrayError)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });
});
