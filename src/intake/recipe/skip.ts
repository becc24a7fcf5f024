import { DrayError } from "../../errors.ts";
import { parseDigest } from "../../oci/digest.ts";
import {
  LOGIN_REASON,
  hasLogin,
  isTag,
  parseReference,
  type Reference,
  withoutLogin,
} from "../../oci/reference.ts";

/** What is not packed though something asks for it, with the reason that travels in its place. */
export type Skip = ImageSkip | KindSkip;

/** Leaves images out. */
export interface ImageSkip {
  /**
   * A reference. Without tag and digest it stands for all of the repository; each `*` in it stands
   * for any characters.
   */
  readonly image: string;
  readonly reason: string;
}

/** Says that nothing has to be packed for a custom resource. */
export interface KindSkip {
  /** `group/Kind`. */
  readonly kind: string;
  readonly reason: string;
}

/**
 * Reads `IMAGE=REASON` or `GROUP/KIND=REASON`: no image has a capital letter behind its last slash.
 * @throws DrayError `DRAY_SKIP_INVALID`
 */
export function parseSkip(text: string): Skip {
  const equals = text.indexOf("=");
  if (equals === -1) throw invalid(text, "it has no reason");
  const [what, reason] = [text.slice(0, equals).trim(), text.slice(equals + 1)];
  return /\/[A-Z]\w*$/.test(what) && !what.includes("*")
    ? kindSkip(what, reason)
    : imageSkip(what, reason);
}

/** @throws DrayError `DRAY_SKIP_INVALID` */
export function imageSkip(image: string, reason: string): ImageSkip {
  try {
    splitPattern(image);
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw invalid(image, cause.message);
  }
  return { image, reason: reasonOf(image, reason) };
}

/** @throws DrayError `DRAY_SKIP_INVALID` */
export function kindSkip(kind: string, reason: string): KindSkip {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[A-Z][A-Za-z0-9]*$/.test(kind)) {
    throw invalid(kind, "expected GROUP/KIND, such as databases.example.org/Database");
  }
  return { kind, reason: reasonOf(kind, reason) };
}

/** The first of `skips` that leaves out this image. */
export function skipOf(skips: readonly Skip[], reference: Reference): ImageSkip | undefined {
  return skips.find((skip): skip is ImageSkip => "image" in skip && takes(skip, reference));
}

/** The user's word on kinds of custom resources, by `group/Kind`. */
export function settledBy(skips: readonly Skip[]): ReadonlyMap<string, string> {
  return new Map(
    skips.flatMap((skip) => ("kind" in skip ? [[skip.kind, skip.reason] as const] : [])),
  );
}

/** Whoever reads it later has nothing else. */
function reasonOf(what: string, reason: string): string {
  const said = reason.trim();
  if (said !== "") return said;
  throw invalid(what, "its reason is empty");
}

function takes({ image }: ImageSkip, wanted: Reference): boolean {
  const { name, tag, digest } = splitPattern(image);
  if (!matches(name, `${wanted.registry}/${wanted.repository}`)) return false;
  if (digest !== undefined) return digest === wanted.digest;
  return tag === undefined || matches(tag, wanted.tag ?? "");
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[^\w-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
}

interface Pattern {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** @throws DrayError */
function splitPattern(image: string): Pattern {
  if (hasLogin(image)) throw invalid(image, LOGIN_REASON);
  const [named = "", digest] = image.replace(/^docker:\/\//, "").split("@");
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const name = hasTag ? named.slice(0, colon) : named;
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag.replaceAll("*", "x"))) {
    throw invalid(image, `${JSON.stringify(tag)} is not a tag`);
  }
  return {
    name: fullName(name),
    tag,
    digest: digest === undefined ? undefined : parseDigest(digest),
  };
}

/** In full, as a reference is: what has no host is of Docker Hub. */
function fullName(name: string): string {
  const first = name.split("/")[0] ?? "";
  if (name.includes("/") && first.includes("*")) return name;
  const { registry, repository } = parseReference(name.replaceAll("*", STAR));
  return `${registry}/${repository}`.replaceAll(STAR, "*");
}

/** Stands for `*` while a name is read. */
const STAR = "0star0";

function invalid(what: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_SKIP_INVALID",
    `Cannot skip ${JSON.stringify(withoutLogin(what))}: ${reason}`,
    {
      kind: "usage",
      hint: "Write --skip IMAGE=REASON, or in bundle.yaml skip: [{ image: …, reason: … }].",
    },
  );
}
