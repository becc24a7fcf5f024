import { z } from "../../src/oci/schema.ts";
import type { PreflightCheck } from "../../src/remote/preflight/host-table.ts";
import type { PreflightReport } from "../../src/stories/preflight.ts";

const checkSchema: z.ZodType<PreflightCheck> = z.object({
  check: z.enum([
    "dns",
    "proxy",
    "tcp",
    "tls",
    "clock",
    "login",
    "pull",
    "bundle",
    "chart",
    "push",
    "repository",
    "write",
    "space",
  ]),
  verdict: z
    .enum(["ok", "note", "unknown", "failed"])
    .describe("note: not as it should be; unknown: only doing it would tell"),
  about: z.string().optional().describe("The image, chart or repository that it is about"),
  detail: z.string(),
  hint: z.string().optional(),
});

export const preflightSchema: z.ZodType<PreflightReport> = z
  .object({
    hosts: z.array(
      z.object({
        host: z.string().describe("HOST:PORT"),
        roles: z.array(
          z.enum([
            "source registry",
            "target registry",
            "chart repository",
            "token service",
            "storage",
            "AWS API",
          ]),
        ),
        optional: z.boolean().describe("Only for images that are not packed as things are"),
        checks: z.array(checkSchema).describe("The way there first"),
      }),
    ),
    here: z.array(checkSchema).describe("Bundles, charts, and what was looked at on this host"),
    good: z.boolean().describe("False if something would fail; the exit code is 3"),
  })
  .describe("What dray preflight --json prints");
