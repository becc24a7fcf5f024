import type { ImageClass, Unknown } from "../../discover/discovery.ts";
import { digestSchema } from "../../oci/descriptor-schema.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { z } from "../../oci/schema.ts";
import type { LockedSearch } from "./locked-search.ts";

const CLASSES = ["needed", "hook", "optional", "suspect"] as const;

const CODES = {
  TEMPLATE_NOT_EVALUATED: "TEMPLATE_NOT_EVALUATED",
  VALUES_REFUSED: "VALUES_REFUSED",
  IMAGE_NOT_DERIVED: "IMAGE_NOT_DERIVED",
  CLUSTER_VERSION: "CLUSTER_VERSION",
  DEPENDENCY_MISSING: "DEPENDENCY_MISSING",
  NOT_EXPLORED: "NOT_EXPLORED",
  CUSTOM_RESOURCE: "CUSTOM_RESOURCE",
  OPERATOR: "OPERATOR",
  BUDGET_SPENT: "BUDGET_SPENT",
  HELM_FAILED: "HELM_FAILED",
  CHART_DEPRECATED: "CHART_DEPRECATED",
  CHART_PRERELEASE: "CHART_PRERELEASE",
  KUBE_VERSION: "KUBE_VERSION",
  SCHEMA_NOT_CHECKED: "SCHEMA_NOT_CHECKED",
  VALUE_UNUSED: "VALUE_UNUSED",
} as const satisfies { readonly [Code in Unknown["code"]]: Code };

const namesSchema = z.array(z.string()).default([]);

export const searchSchema = z.strictObject({
  chart: z.string(),
  content: digestSchema,
  question: digestSchema,
  unknowns: z
    .array(
      z.strictObject({
        code: z.enum(CODES),
        needed: z.boolean(),
        message: z.string(),
        isRemark: z.boolean().exactOptional(),
        kind: z.string().exactOptional(),
        word: z.string().exactOptional(),
        file: z.string().exactOptional(),
        line: z.int().exactOptional(),
      }),
    )
    .default([]),
  images: z.strictObject({
    needed: namesSchema,
    hook: namesSchema,
    optional: namesSchema,
    suspect: namesSchema,
  }),
});

type SearchDocument = z.infer<typeof searchSchema>;

/** @throws DrayError for a name that is no reference */
export function toSearch({ content, question, unknowns, images }: SearchDocument): LockedSearch {
  const named = CLASSES.flatMap((kind) =>
    images[kind].map((name) => ({ reference: parseReference(name), class: kind })),
  );
  return { chart: content, question, unknowns, images: named };
}

/** As a lock has it; classes of which there is no image are left out. */
export function fromSearch(name: string, search: LockedSearch): z.input<typeof searchSchema> {
  const { chart: content, question } = search;
  // What is only worth a note would fill the lock with what changes nothing.
  const unknowns = search.unknowns.filter(
    ({ code, needed, kind }) => needed || kind !== undefined || code === "BUDGET_SPENT",
  );
  const images: Partial<Record<ImageClass, string[]>> = {};
  for (const kind of CLASSES) {
    const names = search.images.filter((one) => one.class === kind);
    if (names.length > 0) {
      images[kind] = names.map(({ reference }) => formatReference(reference)).toSorted();
    }
  }
  return {
    chart: name,
    content,
    question,
    ...(unknowns.length === 0 ? {} : { unknowns }),
    images,
  };
}
