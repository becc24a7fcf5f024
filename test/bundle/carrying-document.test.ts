import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where findings about a carrier and its bundle are made. */
const FOLDERS = ["src/archive", "src/bundle", "src/content"];

/** Those of who writes bundles or chooses from them, not of who reads them. */
const OF_WRITING = [
  "BUNDLE_AMBIGUOUS",
  "CHART_AMBIGUOUS",
  "CHART_MISSING",
  "FILE_EXISTS",
  "FILE_TOO_LARGE",
  "NAME_UNSUPPORTED",
  "OUTPUT_REFUSED",
  "PLATFORM_MISSING",
  "SYSTEM_REFUSED",
  "TIME_UNSUPPORTED",
  "USAGE",
];

async function codesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(ROOT, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(files.map((name) => readFile(join(ROOT, folder, name), "utf8")));
  return texts.flatMap((text) =>
    [...text.matchAll(/(?:code: |error\(\s*|new DrayError\(\s*)"(?:DRAY_)?([A-Z_]+)"/g)].map(
      ([, code = ""]) => code,
    ),
  );
}

describe("docs/carrying.md", () => {
  it("says what every finding about a carrier and its bundle means", async () => {
    const document = await readFile(join(ROOT, "docs/carrying.md"), "utf8");
    const codes = new Set((await Promise.all(FOLDERS.map(codesIn))).flat());
    expect(codes.size).toBeGreaterThan(40);
    const unsaid = [...codes].filter((code) => !document.includes(`\`${code}\``));
    expect(unsaid.filter((code) => !OF_WRITING.includes(code))).toEqual([]);
  });
});
