import { describe, expect, it } from "vitest";
import { writeValues } from "../../src/repoint/write-values.ts";
import { readUserValues } from "../../src/helm/values/user-values.ts";
import type { Value } from "../../src/helm/template/value.ts";

const LONG = `--helper=registry.internal:5000/mirror/acme/helper:v0.79.2 ${"--more=of-it ".repeat(8)}--end`;

describe("values that are written", () => {
  it.each<[string, Map<string, Value>]>([
    ["a text longer than a line", new Map([["args", LONG]])],
    ["a text longer than a line, below a key", new Map([["a", new Map([["b", LONG]])]])],
    ["a text longer than a line, in a list", new Map([["a", new Map([["b", [LONG, "x"]]])]])],
    ["a text of several lines", new Map([["a", new Map([["b", `${LONG}\nand more`]])]])],
  ])("are read back as they were: %s", async (_what, values) => {
    const text = writeValues(values, ["head"], () => ["a remark"]);
    const read = await readUserValues({ files: [{ name: "written", text }] });
    expect(read).toEqual(values);
  });
});
