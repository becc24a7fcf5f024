import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { DOCUMENTS, withoutDigests, writeAgain } from "../../scripts/transcripts/write-again.ts";
import { built } from "../built.ts";

it.each(DOCUMENTS)(
  "the sessions in %s are what their commands print; `npm run transcripts` writes them",
  async (name) => {
    const text = await readFile(new URL(`../../${name}`, import.meta.url), "utf8");
    const again = await writeAgain(name, text, built("cli/dray.js"));
    expect(withoutDigests(text)).toBe(withoutDigests(again));
  },
);
