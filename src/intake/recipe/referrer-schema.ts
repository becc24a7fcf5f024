import { digestSchema, mediaTypeSchema } from "../../oci/descriptor-schema.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { z } from "../../oci/schema.ts";
import type { LockedReferrer, ReferrerChoice } from "./locked-referrer.ts";

export const choiceSchema: z.ZodType<ReferrerChoice> = z.enum(["all", "signatures", "none"]);

export const referrerSchema = z.strictObject({
  reference: z.string(),
  subject: digestSchema,
  digest: digestSchema,
  mediaType: mediaTypeSchema,
  size: z.int().nonnegative(),
});

type ReferrerDocument = z.infer<typeof referrerSchema>;

/** @throws DrayError for a name that is no reference */
export function toReferrer({
  reference,
  subject,
  ...descriptor
}: ReferrerDocument): LockedReferrer {
  return { reference: parseReference(reference), subject, descriptor };
}

export function fromReferrer({ reference, subject, descriptor }: LockedReferrer): ReferrerDocument {
  const { digest, mediaType, size } = descriptor;
  return { reference: formatReference(reference), subject, digest, mediaType, size };
}
