import { dirname } from "node:path";
import { DrayError } from "../../errors.ts";
import { parsePartSize } from "../../archive/parts/part-size.ts";
import { parsePlatform, type Platform } from "../../oci/platform.ts";
import { parseReference, type Reference } from "../../oci/reference.ts";
import { problemsOf } from "../../oci/problems.ts";
import { z } from "../../oci/schema.ts";
import { requireYaml } from "../../oci/stranger.ts";
import { mirrorRule, type MirrorRule } from "../mirrors/mirror-rule.ts";
import { namesFrom, NO_NAMES, type GivenNames } from "../../foreign/given-names.ts";
import type { ImageRule } from "../../trust/images/image-rule.ts";
import { toPolicy } from "../../trust/images/policy-schema.ts";
import { KeyPlaces } from "../../yaml/places.ts";
import { readUserYaml } from "../../yaml/texts.ts";
import { resolvePath, toChart } from "./chart-item.ts";
import { recipeSchema } from "./recipe-schema.ts";
import { ItemReader } from "./item-reader.ts";
import { imageSkip, kindSkip, type Skip } from "./skip.ts";
import { parseChart, type ChartRequest } from "./chart-request.ts";
import type { ReferrerChoice } from "./locked-referrer.ts";

/** What a bundle is to be made of, every reference parsed. */
export interface Recipe {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly images: readonly ImageRequest[];
  readonly charts: readonly ChartRequest[];
  readonly files: readonly FileRequest[];
  readonly tools: readonly ToolRequest[];
  /** Files and directories that others have packed. */
  readonly from: readonly string[];
  /** What images in them are called. */
  readonly names: GivenNames;
  /** For images that name none themselves; none at all means every platform. */
  readonly platforms: readonly Platform[];
  /** Of the cluster, where charts ask for it. */
  readonly kubeVersion?: string | undefined;
  /** Bytes of each of the parts that the bundle is written in; undefined for one file. */
  readonly split?: number | undefined;
  /** APIs that the cluster has beyond those of every one. */
  readonly apiVersions?: readonly string[] | undefined;
  /** Directory that has all that the directories of charts may lead to. */
  readonly chartRoot?: string | undefined;
  /** Where registries' content comes from instead, the first that fits first. */
  readonly mirrors: readonly MirrorRule[];
  /** What is left out on purpose. */
  readonly skip: readonly Skip[];
  /** Which signatures, attestations and the like are packed with what they are about. */
  readonly referrers: ReferrerChoice;
  /** Who must vouch for which images; the first rule that is about an image counts. */
  readonly policy: readonly ImageRule[];
}

export const NOTHING: Recipe = {
  name: undefined,
  version: undefined,
  images: [],
  charts: [],
  files: [],
  tools: [],
  from: [],
  names: NO_NAMES,
  platforms: [],
  mirrors: [],
  skip: [],
  referrers: "all",
  policy: [],
};

export interface ImageRequest {
  readonly reference: Reference;
  readonly platforms?: readonly Platform[] | undefined;
}

export interface FileRequest {
  /** Of a file, or of a folder that stands for every file below it. */
  readonly path: string;
  /** Path below `files/`. */
  readonly as: string;
}

export interface ToolRequest {
  readonly path: string;
  readonly name: string;
  /** What it runs on; undefined for everything. */
  readonly platform: Platform | undefined;
}

/** The JSON Schema of bundle.yaml, for editors. */
export function recipeJsonSchema(): object {
  return {
    title: "dray bundle.yaml",
    ...z.toJSONSchema(recipeSchema, { target: "draft-2020-12" }),
  };
}

/** Largest bundle.yaml: thousands of images take some hundred kilobytes. */
const MAX_RECIPE_BYTES = 16 * 1024 * 1024;

const NO_RECIPE =
  "A recipe is YAML. A bundle or an archive of images is named with --from, a chart with --chart.";

/**
 * Reads a bundle.yaml. Paths in it are relative to its own directory.
 * @throws DrayError `DRAY_RECIPE_INVALID`, with every place that is wrong
 */
export function parseRecipe(bytes: Buffer, path: string): Recipe {
  const fail = (reason: string, cause?: unknown): DrayError =>
    new DrayError("DRAY_RECIPE_INVALID", `Cannot read ${JSON.stringify(path)}: ${reason}`, {
      kind: "usage",
      cause,
      // What has zeros in it is no text.
      hint: bytes.includes(0) ? NO_RECIPE : undefined,
    });
  if (bytes.length > MAX_RECIPE_BYTES) throw fail(`it has more than ${MAX_RECIPE_BYTES} bytes`);
  const text = bytes.toString("utf8");
  requireYaml(text, fail);
  const parsed = recipeSchema.safeParse(readUserYaml(text, fail) ?? {});
  if (!parsed.success) {
    throw fail(problemsOf(parsed.error, { schema: recipeSchema, places: new KeyPlaces(text) }));
  }
  return toRecipe(parsed.data, dirname(path), new ItemReader(text, path));
}

function toRecipe(data: z.infer<typeof recipeSchema>, base: string, reader: ItemReader): Recipe {
  return {
    name: data.name,
    version: data.version,
    platforms: reader.each("platforms", data.platforms, parsePlatform),
    kubeVersion: data.kubeVersion,
    split:
      data.split === undefined
        ? undefined
        : reader.at(["split"], () => parsePartSize(String(data.split))),
    apiVersions: data.apiVersions,
    chartRoot: data.chartRoot === undefined ? undefined : resolvePath(data.chartRoot, base),
    images: reader.each("images", data.images, (item) =>
      typeof item === "string"
        ? { reference: parseImage(item) }
        : { reference: parseImage(item.image), platforms: item.platforms?.map(parsePlatform) },
    ),
    charts: reader.each("charts", data.charts, (item) =>
      typeof item === "string" ? parseChart(item, { base }) : toChart(item, base),
    ),
    files: (data.files ?? []).map((item) =>
      typeof item === "string"
        ? fileRequest(item, { base })
        : fileRequest(item.path, { base, as: item.as }),
    ),
    tools: reader.each("tools", data.tools, ({ path, name, platform }) => ({
      path: resolvePath(path, base),
      name: toolName(name ?? baseName(path)),
      platform: platform === undefined ? undefined : parsePlatform(platform),
    })),
    from: (data.from ?? []).map((path) => resolvePath(path, base)),
    names: reader.at(["names"], () => namesFrom(Object.entries(data.names ?? {}))),
    mirrors: reader.each("mirrors", data.mirrors, ({ from, to, only = false }) =>
      mirrorRule({ from, to: typeof to === "string" ? [to] : to, only }),
    ),
    referrers: data.referrers ?? "all",
    policy: toPolicy(data.policy ?? [], (path) => resolvePath(path, base)),
    skip: reader.each("skip", data.skip, (item) =>
      "image" in item ? imageSkip(item.image, item.reason) : kindSkip(item.kind, item.reason),
    ),
  };
}

/** An image as users write it, with or without `docker://`. */
export function parseImage(text: string): Reference {
  return parseReference(text.replace(/^docker:\/\//, ""));
}

/** A plain file, or a folder of them; it keeps its own name unless `as` gives another. */
export function fileRequest(
  path: string,
  { base = "", as }: { base?: string; as?: string | undefined } = {},
): FileRequest {
  return { path: resolvePath(path, base), as: as ?? baseName(path) };
}

/** It is typed by hand on the other side, before anything there could help. */
function toolName(name: string): string {
  if (/^\w[\w.+-]*$/.test(name)) return name;
  throw new DrayError(
    "DRAY_RECIPE_INVALID",
    `expected a name of letters, digits, dots, dashes, plus signs and underscores, found ${JSON.stringify(name)}`,
    { kind: "usage", hint: "Give it another one with `name`." },
  );
}

function baseName(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, "")
      .split(/[\\/]/)
      .at(-1) ?? path
  );
}
