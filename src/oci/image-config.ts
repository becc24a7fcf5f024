import type { Digest } from "./digest.ts";
import { parseJson } from "./json.ts";
import type { Platform } from "./platform.ts";
import { parseAs, z } from "./schema.ts";

const schema = z.object({
  os: z.string().optional(),
  architecture: z.string().optional(),
  variant: z.string().optional(),
});

/**
 * The platform that an image config names, if it names one.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties
 */
export function parseConfigPlatform(raw: Uint8Array, digest: Digest): Platform | undefined {
  const what = `image config ${digest}`;
  const { os, architecture, variant } = parseAs(schema, parseJson(raw, what), {
    what,
    code: "DRAY_CONFIG_INVALID",
  });
  if (os === undefined || architecture === undefined) return undefined;
  return { os, architecture, variant };
}
