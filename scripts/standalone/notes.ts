import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { VERSION } from "../../src/version.ts";
import { NODE_VERSION } from "./node-binary.ts";

/** An executable; whether it ran is undefined where this machine cannot run it. */
export interface Built {
  readonly platform: string;
  readonly path: string;
  readonly tried: boolean | undefined;
}

/** Writes `SHA256SUMS`, and notes for a release, which say what was run and what was not. */
export async function writeNotes(output: string, built: readonly Built[]): Promise<string> {
  const sums: string[] = [];
  const rows: string[] = [];
  for (const { path, platform, tried } of built) {
    const sum = await sha256Of(path);
    const { size } = await stat(path);
    sums.push(`${sum}  ${basename(path)}\n`);
    rows.push(`| \`${basename(path)}\` | ${platform} | ${mebibytes(size)} | ${saidOf(tried)} |\n`);
  }
  const notes = `# dray ${VERSION}

One file a platform, with Node.js ${NODE_VERSION} inside. It needs nothing else: no Node.js, no npm, no network.
\`dray --licenses\` prints the terms of everything inside. Check a file with \`sha256sum --check SHA256SUMS\`.

| file | platform | size | run where it was built |
| --- | --- | --- | --- |
${rows.join("")}`;
  await writeFile(join(output, "SHA256SUMS"), sums.join(""));
  await writeFile(join(output, "NOTES.md"), notes);
  return notes;
}

function saidOf(tried: boolean | undefined): string {
  if (tried === undefined) return "not run";
  return tried ? "yes" : "FAILED";
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
