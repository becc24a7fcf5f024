import { DrayError } from "../errors.ts";
import { digestSchema } from "../oci/descriptor-schema.ts";
import { parseJson } from "../oci/json.ts";
import { parseKnown, z } from "../oci/schema.ts";
import { artifactSchema, totalsSchema } from "./delivered-schema.ts";
import type { Receipt } from "./receipt.ts";

const time = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), "expected a time")
  .meta({ format: "date-time" });

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
