import { Option, type Command } from "commander";
import type { ChartRequest, ImageMode, Recipe, Reference, ValueSet } from "../index.ts";
import { releaseOf, type DiscoveryFlags } from "./discovery-flags.ts";
import { chartRootFlag, readImageList, readInput, repeatable, seldom } from "./flags.ts";
import { readMirrors, type MirrorFlags } from "./mirror-flags.ts";

type OciChart = Extract<ChartRequest, { kind: "oci" }>;

/** Flags that say what goes into a bundle, and what is asked of it. */
export interface ContentFlags extends DiscoveryFlags, MirrorFlags {
  readonly image?: readonly string[];
  readonly imageList?: readonly string[];
  readonly chart?: readonly string[];
  readonly chartImages?: ImageMode;
  readonly chartRoot?: string;
  readonly file?: readonly string[];
  readonly platform?: readonly string[];
  readonly from?: readonly string[];
  readonly repository?: string;
  readonly name?: string;
  readonly rename?: readonly string[];
  readonly bundleVersion?: string;
  readonly includeNondistributable?: boolean;
  readonly skip?: readonly string[];
  readonly strictImages?: boolean;
  readonly keyring?: string;
  readonly verifyCharts?: boolean;
}

export function addContentFlags(command: Command): void {
  command
    .optionsGroup("What goes in:")
    .addOption(repeatable("--image <reference>", "an image: registry/repository[:tag][@digest]"))
    .addOption(repeatable("--image-list <file>", "a file with one image a line"))
    .addOption(
      repeatable(
        "--chart <chart>",
        "a .tgz or directory, oci://registry/chart[:range] or https://repository#chart[:range]",
      ),
    )
    .addOption(
      new Option("--chart-images <mode>", "which images of the charts named by --chart are packed")
        .choices(["needed", "discover", "none"])
        .default("needed"),
    )
    .addOption(chartRootFlag())
    .addOption(
      repeatable("--skip <image=reason>", "leave this image out and say why; or GROUP/KIND=REASON"),
    )
    .option("--strict-images", "fail where a needed image of a chart may have been missed")
    .option("--keyring <file>", "public keys (OpenPGP) of those who sign charts; needs gpgv")
    .option("--verify-charts", "refuse charts whose provenance is missing, wrong or not checked")
    .addOption(repeatable("--file <file>", "a file that travels along, or a folder of them"))
    .addOption(
      repeatable("--from <path>", "a bundle of dray, or a layout, archive or bundle of others"),
    )
    .addOption(seldom(repeatable("--rename <digest=reference>", "name an image of --from")))
    .addOption(
      seldom(
        new Option("--repository <name>", "where images of --from belong that have a tag only"),
      ),
    )
    .addOption(
      repeatable("--platform <platform>", "only this platform; this changes an image's digest"),
    )
    .addOption(
      seldom(
        new Option(
          "--include-nondistributable",
          "pack layers that their license keeps out of registries",
        ),
      ),
    );
}

/** The recipe file and the flags together; flags come last and win. */
export async function readRecipe(
  path: string | undefined,
  flags: ContentFlags,
  valueSets: readonly ValueSet[],
): Promise<Recipe> {
  const given = path === undefined ? undefined : await readRecipeFile(path);
  const named = await fromFlags(flags, valueSets);
  const mirrors = await readMirrors(flags, given?.mirrors);
  if (given === undefined) return { ...named, mirrors };
  return {
    name: named.name ?? given.name,
    version: named.version ?? given.version,
    kubeVersion: given.kubeVersion,
    split: given.split,
    apiVersions: given.apiVersions,
    chartRoot: named.chartRoot ?? given.chartRoot,
    images: [...given.images, ...named.images],
    charts: [...given.charts, ...named.charts],
    files: [...given.files, ...named.files],
    tools: given.tools,
    from: [...given.from, ...named.from],
    names: {
      byDigest: new Map([...given.names.byDigest, ...named.names.byDigest]),
      repository: named.names.repository ?? given.names.repository,
    },
    platforms: named.platforms.length > 0 ? named.platforms : given.platforms,
    mirrors,
    skip: [...given.skip, ...named.skip],
    referrers: given.referrers,
    policy: given.policy,
  };
}

async function readRecipeFile(path: string): Promise<Recipe> {
  const { parseRecipe, requireRecipeFiles } = await import("../index.ts");
  const bytes = await readInput(path, "recipe");
  const recipe = parseRecipe(bytes, path);
  await requireRecipeFiles(recipe, { bytes, path });
  return recipe;
}

async function fromFlags(flags: ContentFlags, valueSets: readonly ValueSet[]): Promise<Recipe> {
  const { fileRequest, parseChart, parseImage, parseNames, parsePlatform, parseSkip } =
    await import("../index.ts");
  const {
    image = [],
    imageList = [],
    chart = [],
    file = [],
    platform = [],
    from = [],
    skip = [],
  } = flags;
  if (chart.length === 0) await requireNothingForCharts(flags, valueSets);
  const listed = await Promise.all(imageList.map(readImageList));
  return {
    name: flags.name,
    version: flags.bundleVersion,
    images: [...listed.flat(), ...image.map((text) => ({ reference: parseImage(text) }))],
    charts: chart.map((text) => ({
      ...parseChart(text),
      images: flags.chartImages,
      valueSets,
      release: releaseOf(flags),
    })),
    files: file.map((path) => fileRequest(path)),
    tools: [],
    from,
    names: parseNames(flags.rename ?? [], flags.repository),
    platforms: platform.map(parsePlatform),
    chartRoot: flags.chartRoot,
    mirrors: [],
    skip: skip.map(parseSkip),
    referrers: "all",
    policy: [],
  };
}

/** They would be given to no chart, and nobody would notice. */
async function requireNothingForCharts(
  flags: DiscoveryFlags,
  valueSets: readonly ValueSet[],
): Promise<void> {
  const { DrayError, isGiven } = await import("../index.ts");
  const isRelease = Object.values(releaseOf(flags)).some((one) => one !== undefined);
  if (!valueSets.some(isGiven) && !isRelease) return;
  throw new DrayError(
    "DRAY_USAGE",
    "Cannot use values or a release: expected --chart with them, found none",
    {
      kind: "usage",
      hint: "In a bundle.yaml each chart has its own `values`, `release` and `namespace`.",
    },
  );
}

/** The registries that charts and images themselves name, or that mirrors are at in their stead. */
export async function registriesOf({
  charts,
  images = [],
  mirrors,
}: {
  readonly charts: readonly ChartRequest[];
  readonly images?: Recipe["images"];
  readonly mirrors: Recipe["mirrors"];
}): Promise<string[]> {
  const artifacts = charts.flatMap((chart) => (chart.kind === "oci" ? [chart] : []));
  const references = [...images.map(({ reference }) => reference), ...artifacts.map(nameOf)];
  const hosts = charts.flatMap(hostOf);
  if (references.length === 0) return [...new Set(hosts)];
  const { registriesFor } = await import("../index.ts");
  return [...new Set([...registriesFor(references, mirrors), ...hosts])];
}

function nameOf({ registry, repository, digest }: OciChart): Reference {
  return { registry, repository, ...(digest === undefined ? { tag: "latest" } : { digest }) };
}

function hostOf(chart: ChartRequest): string[] {
  if (chart.kind !== "repository") return [];
  return [URL.canParse(chart.repository) ? new URL(chart.repository).host : chart.repository];
}
