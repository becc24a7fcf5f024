import { z } from "../oci/schema.ts";
import type { Skipped } from "./skipped.ts";

/** Of one bundle.json, and of the lock beside the recipe. */
export const skippedSchema: z.ZodType<readonly Skipped[]> = z.array(
  z.union([
    z.strictObject({ image: z.string().min(1), needed: z.boolean(), reason: z.string().min(1) }),
    z.strictObject({ kind: z.string().min(1), reason: z.string().min(1) }),
  ]),
);
