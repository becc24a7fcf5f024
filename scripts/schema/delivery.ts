import { artifactSchema, totalsSchema } from "../../src/delivery/delivered-schema.ts";
import type { TakenSettings } from "../../src/cli/target-flags.ts";
import type { NewRepository } from "../../src/delivery/rehearse.ts";
import { digestSchema } from "../../src/oci/descriptor-schema.ts";
import { z } from "../../src/oci/schema.ts";
import type { RepositoryList } from "../../src/delivery/plan.ts";

/** One thing that was found of a bundle, a chart or a registry. docs/codes.md */
const findingSchema = z.object({
  code: z.string().describe("docs/codes.md has them all"),
  severity: z.enum(["error", "warning", "info"]),
  message: z.string(),
  entry: z.string().optional().describe("The entry, digest or reference that it is about"),
  wanted: z.string().optional(),
  found: z.string().optional(),
  hint: z.string().optional(),
});

const newRepository: z.ZodType<NewRepository> = z.object({
  repository: z.string(),
  presence: z
    .enum(["new", "unknown"])
    .describe("new: a push makes it; unknown: the registry does not say whether a push would"),
});

const takenSchema: z.ZodType<Pick<TakenSettings, "path" | "settings">> = z.looseObject({
  path: z.string(),
  settings: z.record(z.string(), z.unknown()).describe("What was taken from it"),
});

/** What pushing and copying have in common. */
const delivery = {
  registry: z.string(),
  dryRun: z.boolean(),
  artifacts: z.array(artifactSchema),
  repositories: z.array(newRepository).describe("Of a dry run: what a push would make"),
  totals: totalsSchema,
  findings: z.array(findingSchema),
  targetFile: takenSchema.optional().describe("Of a dry run: what the target file settles"),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
    .optional()
    .describe("Why not all of it is there; the exit code is 4"),
};

const repositoryList: z.ZodType<RepositoryList> = z
  .object({ registry: z.string(), repositories: z.array(z.string()) })
  .describe("With --list-repositories: what has to be there");

export const pushSchema = z
  .union([
    z.object({
      bundle: z.object({
        name: z.string(),
        version: z.string(),
        digest: digestSchema.describe("SHA-256 of the bundle's list of sums"),
        path: z.string(),
      }),
      signedBy: z.array(z.string()).describe("Ids of the trusted keys that have signed it"),
      ...delivery,
      repoint: z.looseObject({ good: z.boolean() }).optional().describe("As of dray repoint"),
    }),
    repositoryList,
  ])
  .describe("What dray push --json prints");

export const copySchema = z
  .union([
    z.object({ name: z.string(), version: z.string(), ...delivery }),
    repositoryList,
  ])
  .describe("What dray copy --json prints");
