import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { fuzz, inputOf } from "../../scripts/fuzz/run.ts";
import { makeSamples } from "../../scripts/fuzz/samples.ts";
import { makeTargets } from "../../scripts/fuzz/targets.ts";
import { digestOf } from "../../src/oci/digest.ts";

/** So that a minute of tests looks at some of it; `npm run fuzz` looks longer. */
const INPUTS = 150;

const TARGETS = [
  "bundle",
  "tar",
  "names",
  "sums",
  "bundle.json",
  "index.json",
  "signature",
  "json",
  "manifest",
  "references",
  "digests",
];

describe("damaged input", () => {
  it.each(TARGETS)("of %s ends in a result or in a DrayError", async (name) => {
    const directory = await temporaryDirectory();
    const { [name]: target } = makeTargets(await makeSamples(directory), directory);
    if (target === undefined) throw new Error(`no target ${name}`);
    const { mistake } = await fuzz({ [name]: target }, { seed: 1 }, (count) => count < INPUTS);
    expect(mistake).toBeUndefined();
  });

  it("is tried on every target", async () => {
    const directory = await temporaryDirectory();
    const targets = makeTargets(await makeSamples(directory), directory);
    expect(Object.keys(targets)).toEqual(TARGETS);
  });
});

function failAtZero(bytes: Buffer): void {
  if (bytes.includes("\0")) throw new TypeError("cannot read this");
}

describe("a fuzz run", () => {
  it("gives the same input for the same seed and number, whoever makes the samples", async () => {
    const inputs = await Promise.all(
      [1, 2].map(async () => {
        const directory = await temporaryDirectory();
        const targets = makeTargets(await makeSamples(directory), directory);
        return Array.from({ length: 30 }, (_, number) => {
          const { name, input } = inputOf(targets, 99, number);
          return `${name} ${digestOf(input)}`;
        });
      }),
    );
    expect(inputs[1]).toEqual(inputs[0]);
    expect(new Set(inputs[0]).size).toBe(30);
  });

  it("names what made a mistake, and keeps its input", async () => {
    const target = { samples: [Buffer.from("good")], run: failAtZero };
    const { mistake } = await fuzz({ bad: target }, { seed: 7 }, () => true);
    expect(mistake).toMatchObject({ target: "bad" });
    expect(mistake?.input.includes("\0")).toBe(true);
    expect(mistake?.reason).toContain("TypeError: cannot read this");
  });
});
