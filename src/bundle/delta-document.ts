import { digestSchema } from "../oci/descriptor-schema.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { parseKnown, z } from "../oci/schema.ts";
import { DELTA_FILE } from "./format.ts";

/**
 * What a delta says of itself. Nobody has signed it and nobody believes it: what is left out is what the
 * signed list names and the archive has not. docs/bundle-format.md
 */
export interface DeltaDocument {
  readonly deltaVersion: 1;
  readonly bases: readonly DeltaBase[];
  readonly blobs: readonly DeltaBlob[];
}

/** Who has what was left out: a bundle, or a registry by the word of a receipt or an inventory. */
export interface DeltaBase {
  readonly kind: "bundle" | "receipt" | "inventory";
  /** Of the bundle, or of the one that the receipt is of. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256 of its list of sums. */
  readonly digest?: Digest | undefined;
  /** `REGISTRY[/PREFIX]` */
  readonly target?: string | undefined;
}

/** A blob that was left out, and where to look for it. */
export interface DeltaBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  /** Which of the bases has it, from 0. */
  readonly base: number;
  /** Repositories of the target in which it was. */
  readonly repositories?: readonly string[] | undefined;
  /** What was packed with it, in full: where that went is where it is. */
  readonly references?: readonly string[] | undefined;
}

/** A hundred bytes for each blob, and the names that it goes by. */
export const MAX_DELTA_BYTES = 64 * 1024 * 1024;

/** More places than these are not looked into for one blob. */
export const MAX_PLACES = 20;

/** These are printed. A target may begin with the bracket of an IPv6 address. */
const WORD = /^[A-Za-z0-9[][A-Za-z0-9._:/@+[\]-]{0,511}$/;
const word = z.string().regex(WORD, "expected a plain name");
const places = z.array(word).max(MAX_PLACES).optional();

const schema: z.ZodType<DeltaDocument> = z.strictObject({
  deltaVersion: z.literal(1),
  bases: z.array(
    z.strictObject({
      kind: z.enum(["bundle", "receipt", "inventory"]),
      name: word.optional(),
      version: word.optional(),
      digest: digestSchema.optional(),
      target: word.optional(),
    }),
  ),
  blobs: z.array(
    z.strictObject({
      digest: digestSchema,
      size: z.int().nonnegative(),
      base: z.int().nonnegative(),
      repositories: places,
      references: places,
    }),
  ),
});

/** Whether a delta may speak of it under this name. */
export function isPlainName(name: string): boolean {
  return WORD.test(name);
}

/** @throws DrayError `DRAY_DELTA_INVALID`, `DRAY_JSON_INVALID` */
export function parseDelta(bytes: Uint8Array): DeltaDocument {
  const value = parseJson(bytes, DELTA_FILE, MAX_DELTA_BYTES);
  return parseKnown(schema, value, { what: DELTA_FILE, code: "DRAY_DELTA_INVALID" });
}

export function formatDelta(delta: DeltaDocument): Buffer {
  return Buffer.from(`${JSON.stringify(delta)}\n`);
}

/** `app 1.2.0 (sha256:…)`, or where it is by whose word. */
export function formatBase({ kind, name, version, digest, target }: DeltaBase): string {
  const bundle = [name, version].filter((part) => part !== undefined).join(" ");
  const named = digest === undefined ? bundle : `${bundle} (${digest})`.trim();
  if (kind === "bundle") return named === "" ? "another bundle" : named;
  const at = target === undefined ? "" : ` of ${target}`;
  return kind === "receipt" ? `the receipt${at} for ${named || "a bundle"}` : `the inventory${at}`;
}
