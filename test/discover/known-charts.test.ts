import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { discoverImages } from "../../src/discover/discover-images.ts";
import { loadChartArchive } from "../../src/chart/load-chart.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";

/** Real charts with the images that they are known to need, where the checkout has them beside it. */
const DIRECTORY = join(import.meta.dirname, "../../../shared/charts");

interface Expected {
  readonly chart: string;
  readonly neededByDefault: readonly string[];
  readonly optional: readonly string[];
  readonly mustNotReport: readonly string[];
}

async function readExpected(): Promise<readonly Expected[] | undefined> {
  const path = join(DIRECTORY, "expected.json");
  try {
    await access(path);
  } catch {
    return undefined;
  }
  return JSON.parse(await readFile(path, "utf8")) as readonly Expected[];
}

const expected = await readExpected();
const normalized = (image: string): string => formatReference(parseReference(image));

describe("a real chart", () => {
  it("is there", (context) => {
    if (expected === undefined) context.skip(`needs ${DIRECTORY}`);
    expect(expected?.length).toBeGreaterThan(0);
  });

  it.each(expected ?? [])("shows every image it needs and may need: $chart", async (one) => {
    const tgz = await readFile(join(DIRECTORY, one.chart));
    const discovery = await discoverImages(await loadChartArchive(tgz, one.chart));
    const ofClass = (...classes: string[]): string[] =>
      discovery.images
        .filter(({ class: kind }) => classes.includes(kind))
        .map(({ image }) => image);
    const listed = [...one.neededByDefault, ...one.optional].map(normalized);
    const needed = ofClass("needed", "hook");
    expect(needed).toEqual(expect.arrayContaining(one.neededByDefault.map(normalized)));
    expect(needed.filter((image) => !listed.includes(image))).toEqual([]);
    expect([...needed, ...ofClass("optional")]).toEqual(
      expect.arrayContaining(one.optional.map(normalized)),
    );
    const all = discovery.images.map(({ image }) => image);
    expect(all.filter((image) => one.mustNotReport.map(normalized).includes(image))).toEqual([]);
    expect(discovery.complete).toBe(true);
  });
});
