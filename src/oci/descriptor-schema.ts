import type { Descriptor } from "./descriptor.ts";
import { algorithmOf, digestOf, parseDigest, type Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";
import { absentOr, z } from "./schema.ts";

/** RFC 6838 §4.2: type and subtype of at most 127 characters each. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

export const mediaTypeSchema: z.ZodType<string> = z
  .string()
  .regex(MEDIA_TYPE, "expected a media type");

export const digestSchema: z.ZodType<Digest> = z.string().transform((text, context): Digest => {
  try {
    return parseDigest(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "" });
    return z.NEVER;
  }
});

export const annotationsSchema: z.ZodType<Record<string, string> | undefined> = absentOr(
  z.record(
    z.string(),
    z
      .string()
      .nullable()
      .transform((text) => text ?? ""),
  ),
);

/** What does not say both system and architecture says of no platform that it runs there. */
const platformSchema: z.ZodType<Platform | undefined> = absentOr(
  z.object({
    os: absentOr(z.string()),
    architecture: absentOr(z.string()),
    variant: absentOr(z.string()),
  }),
).transform((platform) => {
  const { os, architecture, variant } = platform ?? {};
  if (os === undefined || os === "" || architecture === undefined || architecture === "") {
    return undefined;
  }
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
});

/** `z.int()` refuses fractions and whatever an IEEE double cannot hold exactly. */
const fields = z.object({
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  size: z.int().nonnegative(),
  urls: absentOr(z.array(z.string())),
  annotations: annotationsSchema,
  artifactType: absentOr(z.string()),
  platform: platformSchema,
  data: absentOr(z.string()),
});

/** Content that is embedded is the content, or two readers see two things. */
export const descriptorSchema: z.ZodType<Descriptor> = fields
  .refine(({ data, digest }) => data === undefined || isContent(data, digest), {
    path: ["data"],
    message: "expected the content of the digest",
  })
  .transform(({ data: _embedded, ...descriptor }) => descriptor);

function isContent(data: string, digest: Digest): boolean {
  return digestOf(Buffer.from(data, "base64"), algorithmOf(digest)) === digest;
}
