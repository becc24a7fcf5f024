import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { withoutDigests, writeAgain } from "../../scripts/transcripts/write-again.ts";
import { built } from "../built.ts";

it("the session in README.md is what its commands print; `npm run transcripts` writes it", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const again = await writeAgain(readme, built("cli/dray.js"));
  expect(withoutDigests(readme)).toBe(withoutDigests(again));
});
