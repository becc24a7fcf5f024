import { digestSchema, mediaTypeSchema } from "../oci/descriptor-schema.ts";
import { isTag } from "../oci/reference.ts";
import { z } from "../oci/schema.ts";
import type { PushedArtifact, TransferTotals } from "./receipt.ts";

const size = z.int().nonnegative();
const count = z.strictObject({ blobs: size, bytes: size });
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

/** What became of one artifact. */
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

/** How much moved. */
export const totalsSchema: z.ZodType<TransferTotals> = z.strictObject({
  copied: count,
  mounted: count,
  skipped: count,
});
