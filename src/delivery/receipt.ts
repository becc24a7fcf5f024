import type { ArtifactKind } from "../bundle/format.ts";
import { DrayError } from "../errors.ts";
import { digestSchema, mediaTypeSchema } from "../oci/descriptor-schema.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { isTag } from "../oci/reference.ts";
import { parseKnown, z } from "../oci/schema.ts";

/** What a push did, for those who file it and for a later audit. docs/receipt.md */
export interface Receipt {
  readonly receiptVersion: 1;
  /**
   * `done`: everything is there under its name. `partial`: what failed and what was held back is not.
   * `failed`, `interrupted`: the push ended before; what was sent may be there, no tag is that it says nothing of.
   */
  readonly outcome: "done" | "partial" | "failed" | "interrupted";
  /** ISO 8601. */
  readonly started: string;
  readonly finished: string;
  /** Account and host that the push ran on. */
  readonly user: string;
  readonly host: string;
  /** `dray 1.2.0` */
  readonly generator: string;
  readonly bundle: ReceiptBundle;
  /** The newest bundle that was pushed under this receipt and those before it in its place. */
  readonly newest?: Edition | undefined;
  /** Ids of the trusted keys that have signed the bundle. */
  readonly signedBy: readonly string[];
  /** `REGISTRY[/PREFIX]` */
  readonly target: string;
  /** Why the push is not done. */
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly artifacts: readonly PushedArtifact[];
  readonly totals: TransferTotals;
}

/** What tells bundles of one name in their order: all of it stands in the list that was signed. */
export interface Edition {
  readonly name: string;
  readonly version: string;
  /** ISO 8601, as its maker has set it. */
  readonly created: string;
  /** SHA-256 of the list of sums. */
  readonly digest: Digest;
}

/** What is not known of a bundle that was refused is left out. */
export interface ReceiptBundle {
  /** As it was given. */
  readonly path: string;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** SHA-256 of its list of sums. */
  readonly digest?: Digest | undefined;
}

export type ArtifactResult =
  "pushed" | "overwritten" | "present" | "failed" | "held" | "unfinished";

/** What became (or, in a dry run, would become) of one artifact. */
export interface PushedArtifact {
  readonly kind: ArtifactKind;
  /** What it was packed as. */
  readonly reference: string;
  /** `registry/repository:tag`, or `registry/repository@digest` for what was packed by digest alone. */
  readonly target: string;
  /** `registry/repository@digest` */
  readonly pinned: string;
  readonly digest: Digest;
  /** For what was packed by digest alone the one that keeps it from garbage collection, if it has one. */
  readonly tag?: string | undefined;
  readonly platforms: readonly string[];
  /**
   * `pushed`: tagged now. `overwritten`: its tag stood for something else before. `present`: it was
   * there already. `failed`: it could not be sent, tagged or read back. `held`: it is there without its
   * tag, for the sake of something else that is not. `unfinished`: the push ended before it was known
   * to be there.
   */
  readonly result: ArtifactResult;
  /** Why it failed or was held back. */
  readonly error?: string | undefined;
  /** The code of that error. */
  readonly code?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Everything that it consists of: blobs, manifests and indexes, itself included. */
  readonly blobs: readonly PushedBlob[];
}

export interface PushedBlob {
  readonly digest: Digest;
  readonly mediaType: string;
  /** In bytes. */
  readonly size: number;
  /** `unfinished`: the push ended before it was known to be there. */
  readonly result: "sent" | "mounted" | "present" | "unfinished";
  /** The registry says that it is there, and its storage cannot be asked how much of it. @default false */
  readonly sizeUnchecked?: true | undefined;
}

/** How the blobs and manifests of a push got to the target. */
export interface TransferTotals {
  readonly copied: BlobCount;
  /** Known to the registry in another repository: linked, not sent. */
  readonly mounted: BlobCount;
  readonly skipped: BlobCount;
}

export interface BlobCount {
  readonly blobs: number;
  readonly bytes: number;
}

const size = z.int().nonnegative();
const count = z.strictObject({ blobs: size, bytes: size });
const time = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), "expected a time")
  .meta({ format: "date-time" });

const blobSchema = z.strictObject({
  digest: digestSchema,
  mediaType: mediaTypeSchema,
  size,
  result: z.enum(["sent", "mounted", "present", "unfinished"]),
  sizeUnchecked: z
    .literal(true)
    .optional()
    .describe("Said to be there; where it is kept does not answer, so its size was not compared"),
});

const artifactSchema = z.strictObject({
  kind: z.enum(["image", "chart", "artifact", "referrer"]),
  reference: z.string().min(1).describe("What it was packed as"),
  target: z
    .string()
    .min(1)
    .describe("registry/repository:tag, or @digest for what was packed by digest alone"),
  pinned: z.string().min(1).describe("registry/repository@digest"),
  digest: digestSchema,
  tag: z.string().refine(isTag, "expected a tag").optional(),
  platforms: z.array(z.string()),
  result: z.enum(["pushed", "overwritten", "present", "failed", "held", "unfinished"]),
  error: z.string().optional(),
  code: z.string().optional(),
  hint: z.string().optional(),
  blobs: z.array(blobSchema).describe("Blobs, manifests and indexes, each once"),
});

const receiptSchema: z.ZodType<Receipt> = z
  .strictObject({
    receiptVersion: z.literal(1),
    outcome: z.enum(["done", "partial", "failed", "interrupted"]),
    started: time,
    finished: time,
    user: z.string(),
    host: z.string(),
    generator: z.string().describe("The program that wrote it, with its version"),
    bundle: z.strictObject({
      path: z.string(),
      name: z.string().optional(),
      version: z.string().optional(),
      digest: digestSchema.optional().describe("SHA-256 of the bundle's list of sums"),
    }),
    newest: z
      .strictObject({ name: z.string(), version: z.string(), created: time, digest: digestSchema })
      .optional()
      .describe("The newest bundle that was pushed under this receipt and those before it"),
    signedBy: z.array(z.string()).describe("Ids of the trusted keys that have signed the bundle"),
    target: z.string().min(1).describe("REGISTRY[/PREFIX]"),
    error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
    artifacts: z.array(artifactSchema),
    totals: z.strictObject({ copied: count, mounted: count, skipped: count }),
  })
  .describe("What dray push did");

/** Some 150 bytes for each blob of each artifact. */
export const MAX_RECEIPT_BYTES = 256 * 1024 * 1024;

/** @throws DrayError `DRAY_RECEIPT_INVALID` */
export function parseReceipt(bytes: Uint8Array, path: string): Receipt {
  const what = `receipt ${JSON.stringify(path)}`;
  try {
    const value = parseJson(bytes, what, MAX_RECEIPT_BYTES);
    return parseKnown(receiptSchema, value, { what, code: "DRAY_RECEIPT_INVALID" });
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError("DRAY_RECEIPT_INVALID", cause.message, {
      kind: "usage",
      cause,
      hint: cause.hint ?? "Name a file that `dray push --receipt` has written.",
    });
  }
}

const anyReceipt = z.looseObject({
  receiptVersion: z.int().positive(),
  artifacts: z.array(z.unknown()),
});

/** True of the receipt of any version of dray, and of nothing else. */
export function isReceipt(bytes: Uint8Array): boolean {
  try {
    return anyReceipt.safeParse(parseJson(bytes, "receipt", MAX_RECEIPT_BYTES)).success;
  } catch (error) {
    if (error instanceof DrayError) return false;
    throw error;
  }
}

export function formatReceipt(receipt: Receipt): Buffer {
  return Buffer.from(`${JSON.stringify(receipt, undefined, 2)}\n`);
}

/** The JSON Schema of receipts, for programs that read them. */
export function receiptJsonSchema(): object {
  const schema = z.toJSONSchema(receiptSchema, { target: "draft-2020-12", io: "input" });
  return { title: "dray receipt", ...schema };
}
