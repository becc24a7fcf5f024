import { z } from "../oci/schema.ts";

/** Rules as they stand in a file of their own, and in target.yaml. Apart from `mapping.ts`, whose types the library shows. */
export const rulesSchema = z.array(z.strictObject({ from: z.string().min(1), to: z.string() }));
