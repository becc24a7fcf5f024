import type { Archive } from "../archive/archive.ts";
import type { Entry } from "../archive/scan.ts";
import type { LayoutGraph } from "../content/graph.ts";
import type { Finding } from "../finding.ts";
import { digestOf, type Digest } from "../oci/digest.ts";
import type { PublicKey } from "../trust/keys.ts";
import type { FoundSignature, TrustPolicy } from "../trust/policy.ts";
import { attempt } from "./attempt.ts";
import { nameCarrierDamage } from "./carrier-damage.ts";
import { checkContents } from "./check-contents.ts";
import { SIGSTORE_FILE, SUMS_FILE, type BundleManifest } from "./format.ts";
import { readList } from "./list.ts";
import { locate } from "./locate.ts";
import { extentOf, readCarrier, type CarrierOptions } from "./read-carrier.ts";
import { findSignatures, judgeSignatures } from "./signatures.ts";
import { parseSums } from "./sums.ts";
import { BundleView } from "./view.ts";

export interface OpenOptions extends CarrierOptions {
  readonly policy: TrustPolicy;
  /** Signatures that lie beside the bundle. */
  readonly detached?: readonly FoundSignature[] | undefined;
  /** Leave out what the list does not name instead of refusing it. @default false */
  readonly repair?: boolean | undefined;
}

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
  const opened = await readBundle(archive, options);
  const findings = await nameCarrierDamage(opened.findings, archive, opened.view);
  return { ...opened, findings };
}

async function readBundle(archive: Archive, options: OpenOptions): Promise<OpenedBundle> {
  const scanned = await readCarrier(archive, options);
  const located = locate(scanned);
  const carried = new BundleView(archive, located.entries);
  const findings = [...scanned.findings, ...located.findings];
  const base = { form: archive.forms.join(", "), view: carried, stripped: scanned.stripped };
  const nothing = { bundleDigest: undefined, signedBy: [], manifest: undefined, graph: undefined };
  if (!carried.has(SUMS_FILE)) return { ...base, ...nothing, findings };
  const { policy, detached } = options;
  const found = await attempt(findings, SIGSTORE_FILE, () => findSignatures(carried, detached));
  const list = await attempt(findings, SUMS_FILE, () => readList(carried, found ?? []));
  if (list === undefined) return { ...base, ...nothing, findings };
  findings.push(...list.findings);
  const view = carried.with(withMended(carried.entries, list.mended));
  const trust = await attempt(findings, SIGSTORE_FILE, () =>
    judgeSignatures(view, list.bytes, { policy, detached }),
  );
  findings.push(...(trust?.findings ?? []));
  const sums = await attempt(findings, SUMS_FILE, () => parseSums(list.bytes));
  const bundleDigest = digestOf(list.bytes);
  const signedBy = trust?.signedBy ?? [];
  if (sums === undefined) return { ...base, ...nothing, bundleDigest, signedBy, findings };
  const extent = extentOf(scanned, options);
  const { repair = false } = options;
  const contents = await checkContents({ view, sums, extent, repair, findings });
  return { ...base, bundleDigest, signedBy, ...contents, findings };
}

function withMended(
  entries: ReadonlyMap<string, Entry>,
  mended: readonly Entry[],
): ReadonlyMap<string, Entry> {
  return new Map([...entries, ...mended.map((entry) => [entry.path, entry] as const)]);
}
