import parseVersion from "semver/functions/parse.js";
import { DrayError } from "../errors.ts";
import { isTag } from "../oci/reference.ts";
import { parseAs, z } from "../oci/schema.ts";
import { readGoTexts } from "../yaml/texts.ts";

/** `key:` with nothing behind it is null in YAML and absent for Helm. */
type Maybe<T> = T | null | undefined;

/**
 * `Chart.yaml`, with every scalar as the text that Helm reads: a version 1.10 without quotes is 1.1, a
 * name `on` is `true`. Name and version are safe to be used in a path and in a tag.
 * https://helm.sh/docs/topics/charts/#the-chartyaml-file
 */
export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly home?: Maybe<string>;
  readonly sources?: Maybe<readonly string[]>;
  readonly description?: Maybe<string>;
  readonly keywords?: Maybe<readonly string[]>;
  readonly maintainers?: Maybe<readonly Readonly<Record<string, Maybe<string>>>[]>;
  readonly icon?: Maybe<string>;
  readonly apiVersion?: Maybe<string>;
  readonly condition?: Maybe<string>;
  readonly tags?: Maybe<string>;
  readonly appVersion?: Maybe<string>;
  readonly deprecated?: Maybe<string>;
  readonly annotations?: Maybe<Readonly<Record<string, string>>>;
  readonly kubeVersion?: Maybe<string>;
  readonly dependencies?: Maybe<readonly ChartDependency[]>;
  readonly type?: Maybe<string>;
}

export interface ChartDependency {
  readonly name: string;
  readonly version?: Maybe<string>;
  readonly repository?: Maybe<string>;
  readonly condition?: Maybe<string>;
  readonly tags?: Maybe<readonly string[]>;
  readonly "import-values"?: unknown;
  readonly alias?: Maybe<string>;
  /** No word of Helm's, and what `repository` is often taken for. */
  readonly url?: Maybe<string>;
}

/** Helm's own rule for names, without the names that are no file name. */
const NAME = /^[a-zA-Z0-9._-]{1,250}$/;
const ALIAS = /^[a-zA-Z0-9_-]*$/;
const VERSION = /^v?\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

const text = z.string().nullish();
const texts = z.array(z.string()).nullish();
const map = z
  .record(
    z.string(),
    z
      .string()
      .nullable()
      .transform((value) => value ?? ""),
  )
  .nullish();

const nameSchema = z
  .string()
  .regex(NAME, "expected letters, digits, dots, dashes and underscores")
  .refine((name) => !/^\.+$/.test(name), "expected a name, found only dots");

const versionSchema = z
  .string()
  .regex(VERSION, "expected a semantic version")
  .refine((version) => isTag(chartTag(version)), "expected a version that can be a tag")
  .refine((version) => coerced(version), "expected a semantic version");

const dependencySchema: z.ZodType<ChartDependency> = z.object({
  name: nameSchema,
  version: text,
  repository: text,
  condition: text,
  tags: texts,
  "import-values": z.unknown().optional(),
  alias: z.string().regex(ALIAS, "expected letters, digits, dashes and underscores").nullish(),
  url: text,
});

const maintainerSchema = z.object({ name: text, email: text, url: text });

const metadataSchema: z.ZodType<ChartMetadata> = z.object({
  name: nameSchema,
  home: text,
  sources: texts,
  version: versionSchema,
  description: text,
  keywords: texts,
  maintainers: z.array(maintainerSchema).nullish(),
  icon: text,
  apiVersion: text,
  condition: text,
  tags: text,
  appVersion: text,
  deprecated: text,
  annotations: map,
  kubeVersion: text,
  dependencies: z.array(dependencySchema).nullish(),
  type: text,
});

const requirementsSchema = z.object({ dependencies: z.array(dependencySchema).nullish() });

/** Largest file of a chart, as Helm has it. */
export const MAX_CHART_FILE_BYTES = 5 * 1024 * 1024;

/** @throws DrayError `DRAY_CHART_INVALID` */
export function parseChartYaml(bytes: Uint8Array, what: string): ChartMetadata {
  return parseAs(metadataSchema, parseTexts(bytes, what), { what, code: "DRAY_CHART_INVALID" });
}

/** The dependencies of a chart with apiVersion v1. @throws DrayError `DRAY_CHART_INVALID` */
export function parseRequirements(bytes: Uint8Array, what: string): readonly ChartDependency[] {
  const document = parseTexts(bytes, what) ?? {};
  const options = { what, code: "DRAY_CHART_INVALID" } as const;
  return parseAs(requirementsSchema, document, options).dependencies ?? [];
}

function parseTexts(bytes: Uint8Array, what: string): unknown {
  try {
    return readGoTexts(Buffer.from(bytes).toString("utf8"), what);
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError("DRAY_CHART_INVALID", cause.message, { cause });
  }
}

/** The tag of a chart version: `+` has no place in a tag, and Helm writes `_`. */
export function chartTag(version: string): string {
  return version.replaceAll("+", "_");
}

/** The version that has this tag. */
export function versionOfTag(tag: string): string {
  return tag.replaceAll("_", "+");
}

/** Helm takes `v1.2` for 1.2.0. */
function coerced(version: string): boolean {
  const [core = "", rest = ""] = version.replace(/^v/, "").split(/(?=[-+])(.*)/s);
  const full = [...core.split("."), "0", "0"].slice(0, 3).join(".");
  return parseVersion(full + rest) !== null;
}
