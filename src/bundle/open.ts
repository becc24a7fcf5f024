import type { Archive } from "../archive/archive.ts";
import { scan, type KeepQuestion, type Scan } from "../archive/scan.ts";
import { DrayError } from "../errors.ts";
import type { Listener } from "../events.ts";
import { findingOf, type Finding } from "../finding.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import {
  blobPath,
  BLOBS_DIRECTORY,
  INDEX_FILE,
  LAYOUT_FILE,
  MAX_INDEX_BYTES,
  parseIndexFile,
} from "../oci/image-layout.ts";
import { MAX_MANIFEST_BYTES } from "../oci/json.ts";
import type { PublicKey } from "../trust/keys.ts";
import type { FoundSignature, TrustPolicy } from "../trust/policy.ts";
import {
  MANIFEST_FILE,
  MAX_BUNDLE_MANIFEST_BYTES,
  MAX_SUMS_BYTES,
  parseBundleManifest,
  SIGSTORE_FILE,
  SUMS_FILE,
  type BundleManifest,
} from "./format.ts";
import { scanHead } from "./head.ts";
import { readGraph, type GraphSource, type LayoutGraph } from "../content/graph.ts";
import { checkLayoutFiles } from "./layout-files.ts";
import { judgeSignatures } from "./signatures.ts";
import { parseSums, type Sums } from "./sums.ts";
import { checkAgreement, checkSums } from "./validate.ts";
import { BundleView, entriesBelow, rootOf } from "./view.ts";

export interface OpenOptions {
  readonly policy: TrustPolicy;
  /** Signatures that lie beside the bundle. */
  readonly detached?: readonly FoundSignature[] | undefined;
  /**
   * How much is read now. `hashed`: every byte, and verified. `readable`: what describes the rest;
   * whoever uses a blob verifies it. `head`: the same without looking whether the rest is there.
   */
  readonly content: ContentNeed;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: Listener | undefined;
}

export type ContentNeed = "hashed" | "readable" | "head";

/** A bundle and all that is known of it, good or bad: `findings` says which. */
export interface OpenedBundle {
  readonly form: string;
  readonly view: BundleView;
  /** SHA-256 of `SHA256SUMS`. */
  readonly bundleDigest: Digest | undefined;
  readonly signedBy: readonly PublicKey[];
  readonly manifest: BundleManifest | undefined;
  readonly graph: LayoutGraph | undefined;
  readonly stripped: readonly string[];
  readonly findings: readonly Finding[];
}

/** Applies the reading order of the format; see docs/bundle-format.md. */
export async function openBundle(archive: Archive, options: OpenOptions): Promise<OpenedBundle> {
  const scanned = await scanFor(archive, options);
  const root = rootOf(scanned);
  const view = new BundleView(archive, entriesBelow(scanned, root));
  const findings = [...scanned.findings, ...addedByCarrier(scanned, root)];
  const base = { form: archive.form, view, stripped: scanned.stripped };
  const nothing = { bundleDigest: undefined, signedBy: [], manifest: undefined, graph: undefined };
  if (!view.has(SUMS_FILE)) {
    if (scanned.complete) findings.push(noSums(view));
    return { ...base, ...nothing, findings };
  }
  const list = await attempt(findings, SUMS_FILE, () => view.readSmall(SUMS_FILE, MAX_SUMS_BYTES));
  if (list === undefined) return { ...base, ...nothing, findings };
  const trust = await attempt(findings, SIGSTORE_FILE, () => judgeSignatures(view, list, options));
  findings.push(...(trust?.findings ?? []));
  const sums = await attempt(findings, SUMS_FILE, () => parseSums(list));
  const contents =
    sums === undefined
      ? nothing
      : await checkContents({ view, sums, extent: extentOf(scanned, options), findings });
  const { manifest, graph } = contents;
  return {
    ...base,
    bundleDigest: digestOf(list),
    signedBy: trust?.signedBy ?? [],
    manifest,
    graph,
    findings,
  };
}

function scanFor(archive: Archive, { content, signal, onEvent }: OpenOptions): Promise<Scan> {
  const keep = archive.read === undefined ? keepMetadata() : undefined;
  if (content === "head") return scanHead(archive, { keep, signal });
  const hash = content === "hashed";
  return scan(archive, { hash, keep, sha512: isSha512Blob, signal, onEvent });
}

async function checkContents({
  view,
  sums,
  extent,
  findings,
}: {
  view: BundleView;
  sums: Sums;
  extent: Extent;
  findings: Finding[];
}): Promise<{ manifest: BundleManifest | undefined; graph: LayoutGraph | undefined }> {
  const before = findings.length;
  findings.push(...checkSums(sums, view.entries, { complete: extent === "all" }));
  view.sums = sums;
  const damaged = findings.slice(before).map(({ entry }) => entry);
  // The carrier broke off: reading on would only say so in other words.
  if (extent === "part") return { manifest: undefined, graph: undefined };
  const manifest = damaged.includes(MANIFEST_FILE)
    ? undefined
    : await attempt(findings, MANIFEST_FILE, async () =>
        parseBundleManifest(await view.readSmall(MANIFEST_FILE, MAX_BUNDLE_MANIFEST_BYTES)),
      );
  const layout = await attempt(findings, LAYOUT_FILE, () => checkLayoutFiles(view));
  findings.push(...(layout ?? []));
  const graph = await attempt(findings, INDEX_FILE, async () =>
    readGraph(
      extent === "head" ? headSource(view) : view,
      parseIndexFile(await view.readSmall(INDEX_FILE, MAX_INDEX_BYTES), INDEX_FILE),
    ),
  );
  findings.push(...(graph?.findings.filter(({ entry }) => !isKnown(entry, damaged)) ?? []));
  if (manifest !== undefined && graph !== undefined) {
    findings.push(...checkAgreement(manifest, graph, { view, complete: extent === "all" }));
  }
  return { manifest, graph };
}

/** How much of the carrier was seen: all, the head that was asked for, or what could be read. */
type Extent = "all" | "head" | "part";

function extentOf({ complete }: Scan, { content }: OpenOptions): Extent {
  if (!complete) return "part";
  return content === "head" ? "head" : "all";
}

/** Behind the head, the list has to do: what it names counts as there. */
function headSource(view: BundleView): GraphSource {
  return {
    read: (descriptor) => view.read(descriptor),
    sizeOf: (descriptor) =>
      view.sizeOf(descriptor) ??
      (view.sums?.has(blobPath(descriptor.digest)) === true ? descriptor.size : undefined),
  };
}

function isKnown(entry: string | undefined, damaged: readonly (string | undefined)[]): boolean {
  return (
    entry !== undefined && damaged.some((path) => path?.endsWith(entry.replace(/^sha\d+:/, "/")))
  );
}

/** Runs a reader; what it refuses becomes a finding, unless an error about that entry stands. */
async function attempt<T>(
  findings: Finding[],
  entry: string,
  read: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    const isKnownError = (finding: Finding): boolean =>
      finding.entry === entry && finding.severity === "error";
    if (!findings.some(isKnownError)) findings.push(findingOf(error, entry));
    return undefined;
  }
}

function isSha512Blob(path: string): boolean {
  return path.includes(`${BLOBS_DIRECTORY}/sha512/`);
}

/** Kept in memory for a carrier that can be read only once. */
const MAX_KEPT_BYTES = 128 * 1024 * 1024;

/** What describes the rest, in the bundle's own folder or in one that was added. */
const DOCUMENT =
  /^(?:[^/]+\/)?(?:SHA256SUMS(?:\.sigstore\.json|\.sig)?|(?:bundle|index)\.json|oci-layout)$/;
const BLOB = /^(?:[^/]+\/)?blobs\/sha\d+\/[a-f0-9]+$/;

/** An opening brace, or blanks before it. */
const JSON_START: ReadonlySet<number | undefined> = new Set(Buffer.from("{ \t\r\n"));

/** Everything that may have to be looked into again: documents, and blobs that begin like JSON. */
function keepMetadata(): (file: KeepQuestion) => boolean {
  let kept = 0;
  return ({ path, size, firstByte }) => {
    const isManifest = BLOB.test(path) && size <= MAX_MANIFEST_BYTES && JSON_START.has(firstByte);
    if (!isManifest && !DOCUMENT.test(path)) return false;
    if (kept + size > MAX_KEPT_BYTES) return false;
    kept += size;
    return true;
  };
}

function addedByCarrier({ stripped }: Scan, root: string): Finding[] {
  const findings: Finding[] = [];
  if (root !== "") {
    const message = `The bundle lies in a folder ${JSON.stringify(root)} that was added on the way`;
    findings.push({ code: "FOLDER_ADDED", severity: "info", entry: root, message });
  }
  if (stripped.length > 0) {
    const message = `Left out ${stripped.length} ${stripped.length === 1 ? "file" : "files"} that a carrier added, such as ${JSON.stringify(stripped[0])}`;
    findings.push({ code: "JUNK_STRIPPED", severity: "info", message });
  }
  return findings;
}

function noSums(view: BundleView): Finding {
  const layout = view.has(LAYOUT_FILE) || view.has(INDEX_FILE);
  return {
    code: "SUMS_MISSING",
    severity: "error",
    entry: SUMS_FILE,
    message: `${SUMS_FILE} is missing: this is no bundle, or its list of contents was lost`,
    ...(layout ? { hint: "It looks like an OCI image layout that was not made by dray." } : {}),
  };
}
