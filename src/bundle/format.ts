import { digestSchema, mediaTypeSchema } from "../oci/descriptor-schema.ts";
import type { Digest } from "../oci/digest.ts";
import { parseJson } from "../oci/json.ts";
import { parseKnown, z } from "../oci/schema.ts";
import { skippedSchema } from "./skipped-schema.ts";
import type { Skipped } from "./skipped.ts";

/** Names of a bundle's entries, in the order they stand in the file. docs/bundle-format.md */
export const SUMS_FILE = "SHA256SUMS";
export const SIGSTORE_FILE = "SHA256SUMS.sigstore.json";
export const SIGNATURE_FILE = "SHA256SUMS.sig";
export const README_FILE = "README.txt";
export const CONTENTS_FILE = "bundle.json";
/** Of a delta alone: what it leaves out and who has it. */
export const DELTA_FILE = "delta.json";
export const CHARTS_DIRECTORY = "charts";
export const FILES_DIRECTORY = "files";
/** Of executables. */
export const TOOLS_DIRECTORY = "tools";

/** What the list of sums does not cover: itself, its own signatures, and hints that nobody believes. */
export const UNLISTED: ReadonlySet<string> = new Set([
  SUMS_FILE,
  SIGSTORE_FILE,
  SIGNATURE_FILE,
  DELTA_FILE,
]);

export const FORMAT_VERSION = 1;

/** The list of sums: some 80 bytes an entry. */
export const MAX_SUMS_BYTES = 256 * 1024 * 1024;

/** `bundle.json`: a few hundred bytes for each artifact. */
export const MAX_CONTENTS_BYTES = 64 * 1024 * 1024;

const size = z.int().nonnegative();

/** `bundle.json`: what the bundle says it carries. */
export interface ContentsDocument {
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  /** Time stamp of everything in it, ISO 8601. */
  readonly created: string;
  /** The program that made it, with its version. */
  readonly generator: string;
  readonly artifacts: readonly BundleArtifact[];
  readonly files: readonly ListedFile[];
  /** What was left out on purpose; absent where that is nothing. */
  readonly skipped?: readonly Skipped[] | undefined;
}

/** `referrer`: a signature, an attestation or whatever else is about another artifact. */
export type ArtifactKind = "image" | "chart" | "artifact" | "referrer";

/** An image, a chart, or anything else that a registry holds. */
export interface BundleArtifact {
  readonly kind: ArtifactKind;
  /** What was asked for, in full: `docker.io/library/alpine:3.20`. */
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the whole graph, each blob once. */
  readonly size: number;
  /** `os/architecture[/variant]` of what can run. */
  readonly platforms?: readonly string[] | undefined;
  /** Charts only. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly appVersion?: string | undefined;
  /** Referrers only: what it is about, and what it calls itself. */
  readonly subject?: Digest | undefined;
  readonly artifactType?: string | undefined;
  /** The chart as a plain file: `charts/NAME-VERSION.tgz`. */
  readonly file?: string | undefined;
  /** What it pulls with the values that it was packed with, in full; absent where nobody has looked. */
  readonly images?: readonly string[] | undefined;
}

/** A plain file or an executable that travels along. */
export interface ListedFile {
  /** `files/…`, `tools/…` */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Of an executable: `os/architecture[/variant]`; absent where it runs on every one. */
  readonly platform?: string | undefined;
}

/** True for the path of an executable. */
export function isTool(path: string): boolean {
  return path.startsWith(`${TOOLS_DIRECTORY}/`);
}

const artifactSchema = z.strictObject({
  kind: z.enum(["image", "chart", "artifact", "referrer"]),
  reference: z.string().min(1),
  digest: digestSchema,
  mediaType: mediaTypeSchema,
  size,
  platforms: z.array(z.string()).optional(),
  name: z.string().optional(),
  version: z.string().optional(),
  appVersion: z.string().optional(),
  subject: digestSchema.optional(),
  artifactType: z.string().min(1).optional(),
  file: z.string().optional(),
  images: z.array(z.string().min(1)).optional(),
});

/** Where tools lie: people type such paths into a shell, and `README.txt` has them in its lines. */
const TOOL_PATH = /^tools\/(?:[\w.-]+\/)?\w[\w.+-]*$/;

const fileSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .refine((path) => !isTool(path) || TOOL_PATH.test(path), "expected tools/PLATFORM/NAME"),
  size,
  platform: z.string().min(1).optional(),
});

/** Names and versions become parts of file names: `NAME-VERSION.tar.gz`. */
const NAME_PART = /^[A-Za-z0-9](?:[A-Za-z0-9._+-]{0,98}[A-Za-z0-9])?$/;

export function isBundleName(text: string): boolean {
  return NAME_PART.test(text);
}

const namePart = z.string().regex(NAME_PART, "expected a part of a file name");

const documentSchema: z.ZodType<ContentsDocument> = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  name: namePart,
  version: namePart,
  created: z.string(),
  generator: z.string(),
  artifacts: z.array(artifactSchema),
  files: z.array(fileSchema),
  skipped: skippedSchema.optional(),
});

/** @throws DrayError `DRAY_BUNDLE_INVALID`, `DRAY_JSON_INVALID` */
export function parseContentsDocument(bytes: Uint8Array): ContentsDocument {
  const value = parseJson(bytes, CONTENTS_FILE, MAX_CONTENTS_BYTES);
  return parseKnown(documentSchema, value, { what: CONTENTS_FILE, code: "DRAY_BUNDLE_INVALID" });
}

/** Names in alphabetical order, so that the same content gives the same bytes. */
export function formatContentsDocument(manifest: ContentsDocument): Buffer {
  return Buffer.from(`${JSON.stringify(sorted(manifest), undefined, 2)}\n`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sorted(item)]));
}
