import { describe, expect, it } from "vitest";
import { makeChart } from "../../fixtures/bundles.ts";
import { provenanceText } from "../../fixtures/gpg.ts";
import { readChartArchive } from "../../src/chart/chart-archive.ts";
import { requireProvenance } from "../../src/chart/provenance/provenance.ts";

const TGZ = makeChart("web", "1.0.0");
const { metadata } = await readChartArchive(TGZ, "web");
const GOOD = provenanceText(TGZ);
const CHART = { metadata, tgz: TGZ };

describe("requireProvenance()", () => {
  it.each([
    ["as Helm writes it", GOOD],
    ["with CR LF", GOOD.replaceAll("\n", "\r\n")],
    ["with more files", `${GOOD}  other-1.0.0.tgz: sha256:${"0".repeat(64)}\n`],
  ])("takes it %s", (_what, text) => {
    expect(() => requireProvenance(text, CHART)).not.toThrow();
  });

  it.each([
    ["another chart", provenanceText(TGZ, { name: "db" }), "it is for db 1.0.0"],
    ["another version", provenanceText(TGZ, { version: "1.0.1" }), "it is for web 1.0.1"],
    [
      "another file of the same chart",
      provenanceText(TGZ, { file: "web-0.9.0.tgz" }),
      "it does not name web-1.0.0.tgz",
    ],
    ["other content", provenanceText(Buffer.from("other")), "it is for content with sha256:"],
    ["nothing", "", "it cannot be read"],
    ["a chart and no files", GOOD.replace(/\.\.\.[^]*/, ""), "it cannot be read"],
    ["files twice", `${GOOD}\n...\nfiles: {}\n`, "more than two parts"],
    ["a name that every object has", GOOD.replace("web-1.0.0.tgz", "toString"), "does not name"],
  ])("refuses it for %s", (_what, text, reason) => {
    expect(() => requireProvenance(text, CHART)).toThrow(
      expect.objectContaining({
        code: "DRAY_PROVENANCE_WRONG",
        kind: "refused",
        message: expect.stringContaining(reason) as string,
      }),
    );
  });
});
