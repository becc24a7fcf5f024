import { readFile } from "node:fs/promises";
import { DrayError } from "../../errors.ts";
import { parseJson } from "../../oci/json.ts";
import { parseAs, z } from "../../oci/schema.ts";
import type { FilePiece } from "../file-range.ts";

/** What Zarf says of the parts that it has cut something into, in one more before them. */
export interface ZarfHead {
  readonly count: number;
  readonly bytes: number;
  /** SHA-256 of the whole, in hexadecimal; Zarf itself does not compare it. */
  readonly sha256: string;
}

/** It takes 110 bytes. */
const MAX_BYTES = 4096;

const schema = z.object({
  Sha256Sum: z.string().regex(/^[0-9a-f]{64}$/i),
  Bytes: z.int().min(1),
  Count: z.int().min(1).max(999),
});

/** Undefined where part 0 is a piece of the whole like the others, or cannot be read as a head. */
export async function readZarfHead({ path, size }: FilePiece): Promise<ZarfHead | undefined> {
  if (size > MAX_BYTES) return undefined;
  const what = JSON.stringify(path);
  try {
    const value = parseJson(await readFile(path), what, MAX_BYTES);
    const { Sha256Sum, Bytes, Count } = parseAs(schema, value, { what, code: "DRAY_JSON_INVALID" });
    return { count: Count, bytes: Bytes, sha256: Sha256Sum.toLowerCase() };
  } catch (error) {
    // The parts can be counted without it.
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
