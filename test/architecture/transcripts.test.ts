import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { DOCUMENTS, withoutDigests, writeAgain } from "../../scripts/transcripts/write-again.ts";
import { built } from "../built.ts";

function read(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), "utf8");
}

it.each(DOCUMENTS)(
  "the sessions in %s are what their commands print; `npm run transcripts` writes them",
  async (name) => {
    const again = await writeAgain(name, read, built("cli/dray.js"));
    expect(withoutDigests(await read(name))).toBe(withoutDigests(again));
  },
);
