import { describe, expect, it } from "vitest";
import { Pace } from "../../src/cli/pace.ts";

describe("the pace of a transfer", () => {
  it("says nothing of the end before some time has passed and some share has moved", () => {
    const pace = new Pace(0);
    pace.note(1, 100);
    expect(pace.secondsLeft(1000, 100)).toBeUndefined();
    pace.note(1, 4000);
    expect(pace.secondsLeft(1000, 4000)).toBeUndefined();
    pace.note(98, 5000);
    expect(pace.secondsLeft(1000, 5000)).toBeCloseTo(45);
  });

  it("is that of the last seconds, and forgets a slow beginning", () => {
    const pace = new Pace(0);
    pace.note(10, 60_000);
    for (let second = 61; second <= 80; second++) pace.note(100, second * 1000);
    expect(pace.rate(80_000)).toBeCloseTo(100);
    expect(pace.secondsLeft(3010, 80_000)).toBeCloseTo(10);
    expect(pace.moved).toBe(2010);
  });
});
