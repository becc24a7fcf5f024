import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { misbehave } from "../../../scripts/fuzz/misbehaving-registry.ts";

/** `npm run misbehave` does a thousand, with a seed of each commit. */
const RUNS = 60;

describe("a registry that misbehaves at random", () => {
  it("is outlasted where that passes, and in all other runs there is a named error", async () => {
    const count = await misbehave(await temporaryDirectory(), 20, RUNS);
    expect(count.wrong).toEqual([]);
    expect(count.outlasted).toBe(count.passing);
    expect(count.named).toBe(count.lasting);
    expect(count.passing + count.lasting).toBe(RUNS);
    expect(Math.min(count.passing, count.lasting)).toBeGreaterThan(RUNS / 10);
  });
});
