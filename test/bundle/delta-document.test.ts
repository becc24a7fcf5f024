import { describe, expect, it } from "vitest";
import { formatDelta, parseDelta, type DeltaDocument } from "../../src/bundle/delta-document.ts";

describe("delta.json", () => {
  it.each(["registry.example", "10.0.0.1:5000/mirror", "[2001:db8::1]:5000/mirror"])(
    "is read again as it was written since what %s has",
    (target) => {
      const delta: DeltaDocument = {
        deltaVersion: 1,
        bases: [{ kind: "inventory", target }],
        blobs: [],
      };
      expect(parseDelta(formatDelta(delta))).toEqual(delta);
    },
  );

  it.each(["a b", "", "../x", "x\u001b[31m"])("is refused with a target of %j", (target) => {
    const bases = [{ kind: "inventory", target }];
    const bytes = Buffer.from(JSON.stringify({ deltaVersion: 1, bases, blobs: [] }));
    expect(() => parseDelta(bytes)).toThrow("expected a plain name");
  });
});
