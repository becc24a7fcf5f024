import { dirname, isAbsolute, join } from "node:path";
import { DrayError } from "../errors.ts";
import { placeOf, problemsOf } from "../oci/problems.ts";
import { z } from "../oci/schema.ts";
import { requireYaml } from "../oci/stranger.ts";
import type { ImageRule } from "../trust/images/image-rule.ts";
import { policySchema, toPolicy } from "../trust/images/policy-schema.ts";
import { KeyPlaces } from "../yaml/places.ts";
import { readUserYaml } from "../yaml/texts.ts";
import { MAP_MODES, toRules, type MapMode, type MapRule } from "./mapping.ts";
import { parseTarget } from "./plan.ts";
import { rulesSchema } from "./rules-schema.ts";

/** What pulls images on the nodes of a cluster. */
export const NODE_RUNTIMES = ["containerd", "cri-o", "k3s", "openshift"] as const;

export type NodeRuntime = (typeof NODE_RUNTIMES)[number];

/** What stays the same from one bundle to the next that goes to a place. What is left out is not said. */
export interface TargetFile {
  /** `REGISTRY[:PORT][/PREFIX]` */
  readonly target?: string | undefined;
  readonly map?: MapMode | undefined;
  readonly rules?: readonly MapRule[] | undefined;
  /** Tags that stand for something else may be moved. */
  readonly overwrite?: boolean | undefined;
  /** How many of the trusted keys must have signed. */
  readonly require?: number | undefined;
  /** Files of public keys whose signature is trusted. */
  readonly keys?: readonly string[] | undefined;
  /** Who must vouch for which images, by their names at the source. */
  readonly policy?: readonly ImageRule[] | undefined;
  /** Files of certificates that the registry's may be signed by, beside the system's. */
  readonly caFiles?: readonly string[] | undefined;
  /** Servers that may be given the registry's login, beside the registry. */
  readonly tokenHosts?: readonly string[] | undefined;
  readonly plainHttp?: boolean | undefined;
  /** Repositories that dray makes (at ECR) take each tag once. */
  readonly immutable?: boolean | undefined;
  /** Name of the secret that workloads pull with. */
  readonly pullSecret?: string | undefined;
  /** Namespaces that have it. */
  readonly namespaces?: readonly string[] | undefined;
  /** What pulls on the nodes, for which mirrors are written. */
  readonly nodes?: readonly NodeRuntime[] | undefined;
  /** Transfers at the same time. */
  readonly concurrency?: number | undefined;
  /** Of a copy: how the registries are reached that it comes from. */
  readonly source?: SourceSettings | undefined;
}

/** What a target file says of the registries that a copy comes from. */
export interface SourceSettings {
  readonly caFiles?: readonly string[] | undefined;
  readonly tokenHosts?: readonly string[] | undefined;
  readonly plainHttp?: boolean | undefined;
}

/** What says whom to trust. A file that nobody has named must not. */
const TRUSTING = ["keys", "policy", "caFiles", "tokenHosts", "plainHttp", "source"] as const;

const flag = z.stringbool({ truthy: ["true"], falsy: ["false"] });

function count(most: number): z.ZodType<number, string> {
  const wanted = `expected a whole number from 1 to ${most}`;
  return z
    .string()
    .regex(/^[1-9]\d{0,5}$/, wanted)
    .transform(Number)
    .pipe(z.int().min(1).max(most));
}

/** Of secrets and namespaces. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const nameOfObject = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "expected a name as Kubernetes has them");

const caFiles = z.array(z.string()).optional().describe("PEM files of certificates to trust too");
const tokenHosts = z.array(z.string()).optional().describe("Token servers that may see the login");
const plainHttp = flag.optional().describe("Speak http without encryption");

const schema = z
  .strictObject({
    target: z.string().optional().describe("The internal registry: REGISTRY[:PORT][/PREFIX]"),
    map: z
      .enum(MAP_MODES)
      .optional()
      .describe("How source names become target names; drop-host without it"),
    rules: rulesSchema.optional().describe("Names of your own: all below `from` goes below `to`"),
    overwrite: flag.optional().describe("Move tags that stand for something else at the target"),
    keys: z.array(z.string()).optional().describe("Files of public keys that are trusted"),
    require: count(100).optional().describe("How many of the trusted keys must have signed"),
    policy: policySchema
      .optional()
      .describe("Who must have signed which images, and what they must have attested"),
    caFiles,
    tokenHosts,
    plainHttp,
    immutable: flag.optional().describe("Repositories made at ECR take each tag once"),
    pullSecret: nameOfObject.optional().describe("The secret that workloads pull with"),
    namespaces: z.array(nameOfObject).optional().describe("Namespaces that have the secret"),
    nodes: z
      .array(z.enum(NODE_RUNTIMES))
      .optional()
      .describe("What pulls images on the nodes: mirrors are written for it"),
    source: z
      .strictObject({ caFiles, tokenHosts, plainHttp })
      .optional()
      .describe("Of a copy: how the registries are reached that it comes from"),
    concurrency: count(64).optional().describe("Transfers at the same time"),
  })
  .describe("Where dray delivers bundles to, and how");

/** The JSON Schema of target.yaml, for editors. */
export function targetJsonSchema(): object {
  return {
    title: "dray target.yaml",
    ...z.toJSONSchema(schema, { target: "draft-2020-12" }),
  };
}

/** Largest target.yaml: thousands of rules take some hundred kilobytes. */
const MAX_TARGET_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a target.yaml. Paths in it are relative to its own directory.
 * @throws DrayError `DRAY_TARGET_FILE_INVALID`, with every place that is wrong
 */
export function parseTargetFile(bytes: Buffer, path: string): TargetFile {
  const fail = (reason: string, cause?: unknown): DrayError =>
    new DrayError("DRAY_TARGET_FILE_INVALID", `Cannot read ${JSON.stringify(path)}: ${reason}`, {
      kind: "usage",
      cause,
    });
  if (bytes.length > MAX_TARGET_FILE_BYTES) {
    throw fail(`it has more than ${MAX_TARGET_FILE_BYTES} bytes`);
  }
  const text = bytes.toString("utf8");
  requireYaml(text, fail);
  const parsed = schema.safeParse(readUserYaml(text, fail) ?? {});
  const places = new KeyPlaces(text);
  if (!parsed.success) throw fail(problemsOf(parsed.error, { schema, places }));
  const { target, rules, keys, policy, caFiles: ca, source } = parsed.data;
  if (target !== undefined) requireTarget(target, (why) => fail(placeOf(["target"], places) + why));
  const besideIt = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  return {
    ...parsed.data,
    rules: rules && toRules(rules),
    keys: keys?.map(besideIt),
    policy: policy && toPolicy(policy, besideIt),
    caFiles: ca?.map(besideIt),
    source: source && { ...source, caFiles: source.caFiles?.map(besideIt) },
  };
}

function requireTarget(target: string, fail: (why: string) => DrayError): void {
  try {
    parseTarget(target);
  } catch (error) {
    throw error instanceof DrayError ? fail(error.message) : error;
  }
}

/**
 * A file that was found and not named may have come with a bundle. It may say where things go; whom to
 * trust only if somebody says that it may. @throws DrayError `DRAY_TARGET_FILE_UNNAMED`
 */
export function requireNothingTrusted(file: TargetFile, path: string): void {
  const trusting = TRUSTING.filter((key) => file[key] !== undefined);
  if (trusting.length === 0) return;
  throw new DrayError(
    "DRAY_TARGET_FILE_UNNAMED",
    `Cannot use ${JSON.stringify(path)}: it says whom to trust (${trusting.join(", ")}), and was found here without being named`,
    {
      kind: "usage",
      hint: `If it is yours, name it: --target-file ${path}. If not, run dray in another directory.`,
    },
  );
}
