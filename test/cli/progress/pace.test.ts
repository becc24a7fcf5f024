import { describe, expect, it } from "vitest";
import { Pace } from "../../../src/cli/progress/pace.ts";

describe("the pace of a transfer", () => {
  it("says nothing of the end before some time has passed and some share has moved", () => {
    const pace = new Pace();
    pace.note(1, 100);
    expect(pace.secondsFor(999, 100)).toBeUndefined();
    pace.note(1, 4000);
    expect(pace.secondsFor(998, 4000)).toBeUndefined();
    pace.note(98, 5100);
    expect(pace.secondsFor(900, 5100)).toBeCloseTo(45);
  });

  it("is that of the last seconds, and forgets a slow beginning", () => {
    const pace = new Pace();
    pace.note(10, 60_000);
    for (let second = 61; second <= 80; second++) pace.note(100, second * 1000);
    expect(pace.rate(80_000)).toBeCloseTo(100);
    expect(pace.secondsFor(1000, 80_000)).toBeCloseTo(10);
  });

  it("begins with the first byte, however long there was none", () => {
    const pace = new Pace();
    expect(pace.rate(500_000)).toBe(0);
    pace.note(0, 600_000);
    for (let second = 601; second <= 605; second++) pace.note(100, second * 1000);
    expect(pace.rate(605_000)).toBeCloseTo(100);
  });

  it("is the same whether much comes in few pieces or in many", () => {
    const pace = new Pace();
    pace.note(0, 0);
    for (let piece = 1; piece <= 20_000; piece++) pace.note(1, piece);
    expect(pace.rate(20_000)).toBeCloseTo(1000, 0);
  });
});
