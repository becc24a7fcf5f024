import { DrayError } from "../errors.ts";
import type { Digest } from "./digest.ts";
import { parseJson } from "./json.ts";
import { absentOr, parseAs, z } from "./schema.ts";

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const GRAMMAR = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/;

/** Architectures whose variant has a default, as containerd's platform matching has it. */
const DEFAULT_VARIANT: ReadonlyMap<string, string> = new Map([
  ["arm64", "v8"],
  ["arm", "v7"],
]);

/** Reads `os/architecture[/variant]`. @throws DrayError `DRAY_PLATFORM_INVALID` */
export function parsePlatform(text: string): Platform {
  const [, os, architecture, variant] = GRAMMAR.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new DrayError(
      "DRAY_PLATFORM_INVALID",
      `Cannot read platform ${JSON.stringify(text)}: expected os/architecture[/variant], such as linux/amd64`,
      { kind: "usage" },
    );
  }
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** The same of `os/architecture[/variant]` as an index says it of itself, which may be anything. */
export function matchesPlatformText(wanted: Platform, text: string): boolean {
  const [os = "", architecture = "", variant] = text.split("/");
  return matchesPlatform(wanted, { os, architecture, variant });
}

export function formatPlatform(platform: Platform): string {
  const base = `${platform.os}/${platform.architecture}`;
  return platform.variant === undefined || platform.variant === ""
    ? base
    : `${base}/${platform.variant}`;
}

/** True if content for `found` is what somebody who asked for `wanted` means. */
export function matchesPlatform(wanted: Platform, found: Platform): boolean {
  return (
    wanted.os === found.os &&
    wanted.architecture === found.architecture &&
    (wanted.variant === undefined || variantOf(wanted) === variantOf(found))
  );
}

/** Attestations and other artifacts stand in an index under the platform unknown/unknown, or a blank one. */
export function isRunnable({ os, architecture }: Platform): boolean {
  return !NO_PLATFORM.has(os) && !NO_PLATFORM.has(architecture);
}

const NO_PLATFORM: ReadonlySet<string> = new Set(["unknown", ""]);

function variantOf(platform: Platform): string | undefined {
  return platform.variant || DEFAULT_VARIANT.get(platform.architecture);
}

const configSchema = z.object({
  os: absentOr(z.string()),
  architecture: absentOr(z.string()),
  variant: absentOr(z.string()),
});

/**
 * The platform that an image config names, if it names one.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties
 */
export function parseConfigPlatform(raw: Uint8Array, digest: Digest): Platform | undefined {
  const what = `image config ${digest}`;
  const { os, architecture, variant } = parseAs(configSchema, parseJson(raw, what), {
    what,
    code: "DRAY_CONFIG_INVALID",
  });
  if (os === undefined || os === "" || architecture === undefined || architecture === "") {
    return undefined;
  }
  return { os, architecture, variant };
}
