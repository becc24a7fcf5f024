import { DrayError } from "../errors.ts";
import { digestSchema, mediaTypeSchema } from "../oci/descriptor-schema.ts";
import { parseJson } from "../oci/json.ts";
import { isTag } from "../oci/reference.ts";
import { parseKnown, z } from "../oci/schema.ts";
import type { PushedArtifact, Receipt, TransferTotals } from "./receipt.ts";

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

/** @internal for the schemas of what commands print */
export const artifactSchema: z.ZodType<PushedArtifact> = z.strictObject({
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

/** @internal for the schemas of what commands print */
export const totalsSchema: z.ZodType<TransferTotals> = z.strictObject({
  copied: count,
  mounted: count,
  skipped: count,
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
    totals: totalsSchema,
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
