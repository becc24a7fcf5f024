import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import { OutputFolder } from "../../src/repoint/output-folder.ts";

describe("OutputFolder", () => {
  it("leaves no directory behind before there is something to put into it", async () => {
    const root = await temporaryDirectory();
    const path = join(root, "new", "deploy");
    const folder = new OutputFolder(path);
    await folder.prepare();
    expect(existsSync(join(root, "new"))).toBe(false);
    const file = folder.add("chart.values.yaml", "# dray repoint\n");
    await folder.writeAll();
    expect(await readFile(file, "utf8")).toBe("# dray repoint\n");
  });

  it("leaves a directory where it was", async () => {
    const path = await temporaryDirectory();
    await new OutputFolder(path).prepare();
    expect(existsSync(path)).toBe(true);
  });
});
