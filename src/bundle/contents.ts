import { createHash } from "node:crypto";
import { DistinctNames } from "../archive/entry-path.ts";
import type { TarName } from "../archive/tar/tar-writer.ts";
import type { Bytes } from "../content/content.ts";
import { verified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import { algorithmOf, encodedOf, type Digest } from "../oci/digest.ts";
import {
  blobPath,
  formatIndexFile,
  INDEX_FILE,
  LAYOUT_CONTENT,
  LAYOUT_FILE,
} from "../oci/image-layout.ts";
import { signWith, type SigningKey } from "../trust/signing-command.ts";
import {
  formatContentsDocument,
  CONTENTS_FILE,
  DELTA_FILE,
  isTool,
  README_FILE,
  SIGNATURE_FILE,
  SIGSTORE_FILE,
  SUMS_FILE,
} from "./format.ts";
import type { BundleFile } from "./artifact.ts";
import type { Delta } from "./base.ts";
import { formatDelta } from "./delta-document.ts";
import { AMBIGUOUS_HINT, type Assembled } from "./assemble.ts";
import { readmeText } from "./readme.ts";
import { byCodeUnit, formatSums } from "./sums.ts";
import { once } from "../content/memory.ts";

/** A bundle ready to be written: what comes before the content is made, the rest is opened in turn. */
export interface BundleContents {
  /** The bytes that the bundle digest is of. */
  readonly sums: Buffer;
  /** In the order of the file. */
  readonly entries: readonly BundleEntry[];
}

/** One entry of a bundle that is to be written. */
export interface BundleEntry extends TarName {
  /** Made here, or to be had from its source. */
  readonly content: Buffer | BundleFile;
}

export interface LayOutOptions {
  readonly signal?: AbortSignal | undefined;
  /** What stays behind: it is in the list and not among the entries. */
  readonly delta?: Delta | undefined;
}

/**
 * Lays out the entries of a bundle in their order, with sums and signature.
 * @throws DrayError `DRAY_BUNDLE_AMBIGUOUS`, `DRAY_SIGN_COMMAND_FAILED`
 */
export async function layOut(
  assembled: Assembled,
  signingKey: SigningKey | undefined,
  { signal, delta }: LayOutOptions = {},
): Promise<BundleContents> {
  const head = [
    { name: README_FILE, bytes: Buffer.from(readmeText(assembled.document)) },
    { name: CONTENTS_FILE, bytes: formatContentsDocument(assembled.document) },
    { name: LAYOUT_FILE, bytes: Buffer.from(LAYOUT_CONTENT) },
    { name: INDEX_FILE, bytes: formatIndexFile(assembled.roots) },
  ];
  const { plain, metadata, blobs } = assembled;
  const body = [plain, metadata, blobs].flatMap((group) =>
    group.toSorted((a, b) => byCodeUnit(a.path, b.path)),
  );
  const sums = new Map(head.map(({ name, bytes }) => [name, sha256(bytes)]));
  for (const file of body) sums.set(file.path, await sumOf(file));
  const list = formatSums(sums);
  const signatures = await signatureFiles(list, signingKey, signal);
  const hints =
    delta === undefined ? [] : [{ name: DELTA_FILE, bytes: formatDelta(delta.document) }];
  const first = [{ name: SUMS_FILE, bytes: list }, ...signatures, ...head, ...hints];
  requireDistinct([...first.map(({ name }) => name), ...body.map(({ path }) => path)]);
  const staysBehind = (digest: Digest, path: string): boolean =>
    delta?.leftOut.has(digest) === true && path === blobPath(digest);
  const entries = [
    ...first.map(({ name, bytes }) => ({ name, size: bytes.length, content: bytes })),
    ...body
      .filter(({ descriptor, path }) => !staysBehind(descriptor.digest, path))
      .map((file) => {
        const { path, descriptor } = file;
        const mayBeLong = path === blobPath(descriptor.digest);
        const isExecutable = isTool(path);
        return { name: path, size: descriptor.size, content: file, mayBeLong, isExecutable };
      }),
  ];
  return { sums: list, entries };
}

/** The content of an entry, verified where it is read. */
export function openEntry({ content }: BundleEntry): Bytes {
  return Buffer.isBuffer(content) ? once(content) : contentOf(content);
}

/** What the entry rules would refuse is not written. */
function requireDistinct(paths: readonly string[]): void {
  const names = new DistinctNames();
  for (const path of paths) {
    const problem = names.addFile(path);
    if (problem === undefined) continue;
    throw new DrayError(
      "DRAY_BUNDLE_AMBIGUOUS",
      `Cannot write ${JSON.stringify(path)} into the bundle: ${problem}`,
      {
        kind: "usage",
        hint: AMBIGUOUS_HINT,
      },
    );
  }
}

async function signatureFiles(
  sums: Buffer,
  key: SigningKey | undefined,
  signal: AbortSignal | undefined,
): Promise<{ name: string; bytes: Buffer }[]> {
  if (key === undefined) return [];
  const { bundle, signature } = await signWith(key, sums, signal);
  return [
    { name: SIGSTORE_FILE, bytes: bundle },
    { name: SIGNATURE_FILE, bytes: signature },
  ];
}

function contentOf({ descriptor, source }: BundleFile): Bytes {
  return verified(source.fetch(descriptor), descriptor, { from: source.name });
}

/** A sha256 digest says the sum; content under another algorithm has to be read for it. */
async function sumOf(file: BundleFile): Promise<string> {
  const { digest } = file.descriptor;
  if (algorithmOf(digest) === "sha256") return encodedOf(digest);
  const hash = createHash("sha256");
  for await (const chunk of contentOf(file)) hash.update(chunk);
  return hash.digest("hex");
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
