import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readSmallFile } from "../../content/small-file.ts";
import { parse } from "smol-toml";
import { DrayError, systemCode, unreadable } from "../../errors.ts";
import { problemsOf } from "../../oci/problems.ts";
import { z } from "../../oci/schema.ts";
import { mirrorAt, readPrefix, type Mirror, type MirrorRule } from "./mirror-rule.ts";

const SERVES = { all: "all", "digest-only": "digests", "tag-only": "tags" } as const;

const mirrorSchema = z.object({
  location: z.string(),
  insecure: z.boolean().default(false),
  "pull-from-mirror": z.enum(["all", "digest-only", "tag-only"]).optional(),
});

const registrySchema = z.object({
  prefix: z.string().default(""),
  location: z.string().default(""),
  insecure: z.boolean().default(false),
  blocked: z.boolean().default(false),
  "mirror-by-digest-only": z.boolean().default(false),
  mirror: z.array(mirrorSchema).default([]),
});

/** Short names and their aliases are none of dray's business: it takes no name for another. */
const schema = z.object({ registry: z.array(registrySchema).default([]) });

type Registry = z.infer<typeof registrySchema>;

/** Largest registries.conf: some hundred registries take some ten thousand bytes. */
const MAX_BYTES = 1024 * 1024;

/**
 * Reads a registries.conf of version 2, as podman, skopeo and CRI-O have it.
 * https://github.com/containers/image/blob/v5.36.2/docs/containers-registries.conf.5.md
 *
 * @throws DrayError `DRAY_REGISTRIES_CONF_INVALID`
 */
export function parseRegistriesConf(bytes: Buffer, path: string): MirrorRule[] {
  const fail = (reason: string, cause?: unknown): DrayError =>
    new DrayError(
      "DRAY_REGISTRIES_CONF_INVALID",
      `Cannot read ${JSON.stringify(path)}: ${reason}`,
      { kind: "usage", cause },
    );
  if (bytes.length > MAX_BYTES) throw fail(`it has more than ${MAX_BYTES} bytes`);
  const document = readToml(bytes.toString("utf8"), fail);
  if (Object.hasOwn(document, "registries")) {
    throw fail("it is of version 1, expected [[registry]] tables of version 2");
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw fail(problemsOf(parsed.error));
  return parsed.data.registry.map((registry, index) => {
    try {
      return ruleOf(registry, path);
    } catch (error) {
      if (!(error instanceof DrayError)) throw error;
      throw fail(`registry, item ${index + 1}: ${error.message}`, error);
    }
  });
}

function readToml(text: string, fail: (reason: string, cause: unknown) => DrayError): object {
  try {
    return parse(text);
  } catch (cause) {
    const [reason = ""] = cause instanceof Error ? cause.message.split("\n") : [];
    const { line, column } = placeSchema.safeParse(cause).data ?? {};
    const place = line === undefined ? "" : `line ${line}, column ${column}: `;
    throw fail(`${place}${reason.replace(/^Invalid TOML document: /, "")}`, cause);
  }
}

/** Nobody keeps so many pieces of one file. */
const MAX_DROP_INS = 1000;

/**
 * Reads a registries.conf and the files of `registries.conf.d` beside it, in the order of their names: what a
 * later one says of a prefix stands in the place of what was said before.
 *
 * @throws DrayError `DRAY_REGISTRIES_CONF_INVALID`, `DRAY_FILE_NOT_FOUND`
 */
export async function readRegistriesConf(path: string): Promise<MirrorRule[]> {
  const rules = new Map<string, MirrorRule>();
  for (const file of [path, ...(await dropInsOf(path))]) {
    const bytes = await readSmallFile(file, { what: "registries.conf" });
    for (const rule of parseRegistriesConf(bytes, file)) rules.set(rule.prefix, rule);
  }
  return [...rules.values()];
}

async function dropInsOf(path: string): Promise<string[]> {
  const directory = `${path}.d`;
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw unreadable(cause, "directory", directory) ?? cause;
  }
  const files = names.filter((name) => name.endsWith(".conf") && !name.startsWith(".")).toSorted();
  if (files.length <= MAX_DROP_INS) return files.map((name) => join(directory, name));
  throw invalid(`Cannot read ${JSON.stringify(directory)}: more than ${MAX_DROP_INS} files`);
}

/** Where the parser stopped. */
const placeSchema = z.object({ line: z.number(), column: z.number() });

function ruleOf(registry: Registry, path: string): MirrorRule {
  const { location, insecure, blocked } = registry;
  const prefix = readPrefix(registry.prefix === "" ? location : registry.prefix);
  if (location === "" && !prefix.startsWith("*.")) {
    throw invalid("expected a location beside the prefix");
  }
  const isMoved = location !== "" || insecure;
  return {
    prefix,
    mirrors: registry.mirror.map((mirror) => toMirror(mirror, registry)),
    only: false,
    origin: isMoved ? originOf(registry) : undefined,
    blockedBy: blocked ? path : undefined,
  };
}

/** An empty location leaves the name as it is. */
function originOf({ location, insecure }: Registry): Mirror {
  const place = location === "" ? { location, serves: "all" as const } : mirrorAt(location);
  return { ...place, isInsecure: insecure };
}

function toMirror(mirror: z.infer<typeof mirrorSchema>, registry: Registry): Mirror {
  const byDigest = registry["mirror-by-digest-only"];
  const chosen = mirror["pull-from-mirror"];
  if (byDigest && chosen !== undefined) {
    throw invalid("mirror-by-digest-only and pull-from-mirror are both set");
  }
  return {
    ...mirrorAt(mirror.location),
    isInsecure: mirror.insecure,
    serves: SERVES[chosen ?? (byDigest ? "digest-only" : "all")],
  };
}

function invalid(reason: string): DrayError {
  return new DrayError("DRAY_REGISTRIES_CONF_INVALID", reason, { kind: "usage" });
}
