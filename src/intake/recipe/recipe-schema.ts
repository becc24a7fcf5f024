import { z } from "../../oci/schema.ts";
import { policySchema } from "../../trust/images/policy-schema.ts";
import { IMAGE_MODES } from "./chart-request.ts";
import { choiceSchema } from "./referrer-schema.ts";

const platformsSchema = z
  .array(z.string())
  .describe("os/architecture[/variant]; without it every platform of an image is packed");

const valuesSchema = z.array(z.string());

const assignmentsSchema = z.array(z.string()).optional();

export const chartSchema = z.strictObject({
  chart: z.string().describe("A path, oci://registry/path/chart, or the name of a chart in `repo`"),
  repo: z.string().optional().describe("Chart repository: https://…, or @NAME as Helm knows it"),
  version: z.string().optional().describe("Version or range; without it the newest release"),
  images: z
    .enum(IMAGE_MODES)
    .optional()
    .describe("needed: what these values pull; discover: also what others would; none"),
  values: z
    .union([valuesSchema, z.array(valuesSchema)])
    .optional()
    .describe("Files of values, later ones win; a list of such lists joins the images of each"),
  setJson: assignmentsSchema.describe("As helm's --set-json, on top of every set of values"),
  set: assignmentsSchema.describe("As helm's --set"),
  setString: assignmentsSchema.describe("As helm's --set-string"),
  setFile: z
    .record(z.string(), z.string())
    .optional()
    .describe("As helm's --set-file: files by the values that get their text"),
  release: z.string().optional().describe("Name that the chart is installed under"),
  namespace: z.string().optional().describe("Namespace that the chart is installed in"),
  isUpgrade: z
    .stringbool({ truthy: ["true"], falsy: ["false"] })
    .optional()
    .describe("It is an upgrade, no new installation"),
});

const reasonSchema = z.string().describe("Travels in the bundle, for whoever misses it there");

const skipSchema = z.union([
  z.strictObject({
    image: z
      .string()
      .describe("A reference; without a tag every tag of it, and each * stands for anything"),
    reason: reasonSchema,
  }),
  z.strictObject({
    kind: z.string().describe("group/Kind of a custom resource for which no image has to be found"),
    reason: reasonSchema,
  }),
]);

const mirrorSchema = z.strictObject({
  from: z.string().describe("What names begin with: HOST[/PATH] or *.DOMAIN"),
  to: z
    .union([z.string(), z.array(z.string())])
    .describe("HOST[/PATH] in its place, one or several in order; inside: the name behind `from`"),
  only: z
    .stringbool({ truthy: ["true"], falsy: ["false"] })
    .optional()
    .describe("Never ask where the name says"),
});

export const recipeSchema = z
  .strictObject({
    name: z.string().optional().describe("Name of the bundle, first part of its file name"),
    version: z.string().optional().describe("Version of the bundle, second part of its file name"),
    platforms: platformsSchema.optional(),
    kubeVersion: z
      .string()
      .regex(/^v?\d+\.\d+/, "expected a version of Kubernetes, such as 1.34")
      .optional()
      .describe("Version of the cluster, where charts ask for it"),
    split: z
      .union([z.string(), z.int().positive()])
      .optional()
      .describe("Bytes of each part that the bundle is written in: fat32, dvd, bd, or 700MB, 4GiB"),
    apiVersions: z
      .array(z.string())
      .optional()
      .describe("APIs that the cluster has beyond Kubernetes's own: route.openshift.io/v1"),
    chartRoot: z
      .string()
      .optional()
      .describe("Directory that links in charts and their file:// dependencies may lead to"),
    images: z
      .array(
        z.union([
          z.string(),
          z.strictObject({ image: z.string(), platforms: platformsSchema.optional() }),
        ]),
      )
      .optional()
      .describe("References: registry/repository[:tag][@digest]"),
    charts: z
      .array(z.union([z.string(), chartSchema]))
      .optional()
      .describe(
        "Charts: a .tgz or a directory, oci://registry/path/chart[:range] or https://repository#chart[:range]",
      ),
    files: z
      .array(z.union([z.string(), z.strictObject({ path: z.string(), as: z.string().optional() })]))
      .optional()
      .describe(
        "Files that travel along, with their path below files/; of a folder every file below it",
      ),
    tools: z
      .array(
        z.strictObject({
          path: z.string(),
          name: z.string().optional().describe("What it is called there; its own name without it"),
          platform: z
            .string()
            .optional()
            .describe("What it runs on: os/architecture[/variant]; everything without it"),
        }),
      )
      .optional()
      .describe("Executables that travel along, below tools/"),
    from: z
      .array(z.string())
      .optional()
      .describe(
        "Bundles of dray, image layouts, archives of docker save and bundles of other tools",
      ),
    names: z
      .record(z.string(), z.string())
      .optional()
      .describe(
        "References, by digest, for images in them that have no name or shall have another",
      ),
    mirrors: z
      .array(mirrorSchema)
      .optional()
      .describe("Where images and charts of registries come from instead; names stay as they are"),
    referrers: choiceSchema
      .optional()
      .describe("What is packed that refers to images: all (the default), signatures or none"),
    policy: policySchema
      .optional()
      .describe("Who must have signed which images, and what they must have attested"),
    skip: z
      .array(skipSchema)
      .optional()
      .describe("What is not packed though something asks for it, each with its reason"),
  })
  .describe("What dray packs into a bundle");
