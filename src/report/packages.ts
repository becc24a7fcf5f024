import { append } from "../content/append.ts";
import { listOf, z } from "../oci/schema.ts";

/** What a list of contents says that an image consists of. */
export interface Sbom {
  /** With its version: `SPDX-2.3`, `CycloneDX 1.6`. */
  readonly format: string;
  readonly packages: readonly SbomPackage[];
}

export interface SbomPackage {
  readonly name: string;
  readonly version?: string | undefined;
  /** https://github.com/package-url/purl-spec */
  readonly purl?: string | undefined;
}

/** https://spdx.github.io/spdx-spec/v2.3/ */
const spdxSchema = z.object({
  spdxVersion: z.string().startsWith("SPDX-"),
  packages: listOf(
    z.object({
      name: z.string(),
      versionInfo: z.string().optional(),
      externalRefs: listOf(z.object({ referenceType: z.string(), referenceLocator: z.string() })),
    }),
  ),
});

interface Component {
  readonly name: string;
  readonly version?: string | undefined;
  readonly purl?: string | undefined;
  readonly components?: readonly Component[] | null | undefined;
}

const componentSchema: z.ZodType<Component> = z.lazy(() =>
  z.object({
    name: z.string(),
    version: z.string().optional(),
    purl: z.string().optional(),
    components: z.array(componentSchema).nullish(),
  }),
);

/** https://cyclonedx.org/docs/1.6/json/ */
const cycloneSchema = z.object({
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.string(),
  components: listOf(componentSchema),
});

/** The packages that a document of SPDX or CycloneDX lists; undefined for any other document. */
export function sbomIn(document: unknown): Sbom | undefined {
  return spdxIn(document) ?? cycloneIn(document);
}

function spdxIn(document: unknown): Sbom | undefined {
  const spdx = spdxSchema.safeParse(document).data;
  if (spdx === undefined) return undefined;
  const packages = spdx.packages.map(({ name, versionInfo: version, externalRefs }) => ({
    name,
    version,
    purl: externalRefs.find(({ referenceType }) => referenceType === "purl")?.referenceLocator,
  }));
  return { format: spdx.spdxVersion, packages };
}

function cycloneIn(document: unknown): Sbom | undefined {
  const bom = cycloneSchema.safeParse(document).data;
  if (bom === undefined) return undefined;
  return { format: `CycloneDX ${bom.specVersion}`, packages: flattened(bom.components) };
}

/** What is inside a component is a component too. */
function flattened(components: readonly Component[]): SbomPackage[] {
  const packages: SbomPackage[] = [];
  for (const { name, version, purl, components: inside } of components) {
    packages.push({ name, version, purl });
    append(packages, flattened(inside ?? []));
  }
  return packages;
}
