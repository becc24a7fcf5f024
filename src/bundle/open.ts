import type { Archive } from "../archive/archive.ts";
import type { Entry } from "../archive/scan.ts";
import { type Finding, attempt } from "../finding.ts";
import { digestOf } from "../oci/digest.ts";
import type { PublicKey } from "../trust/keys.ts";
import type { TrustPolicy } from "../trust/policy.ts";
import type { FoundSignature } from "../trust/detached.ts";
import { append } from "../content/append.ts";
import { nameCarrierDamage } from "./carrier-damage.ts";
import { type Checked, checkContents } from "./check.ts";
import { SIGSTORE_FILE, SUMS_FILE } from "./format.ts";
import { locate } from "./locate.ts";
import type { OpenedBundle } from "./opened.ts";
import { type CarrierOptions, extentOf, readCarrier } from "./read-carrier.ts";
import { nameNeeds } from "./needed-by.ts";
import { findSignatures, judgeSignatures, readList } from "./signatures.ts";
import { type Sums, parseSums } from "./sums.ts";
import { BundleView } from "./view.ts";

export interface OpenOptions extends CarrierOptions {
  readonly policy: TrustPolicy;
  /** Signatures that lie beside the bundle. */
  readonly detached: readonly FoundSignature[];
  /** Leave out what the list does not name instead of refusing it. */
  readonly repair: boolean;
}

/**
 * Applies the reading order of the format: list, signatures over it, entries against it, layout,
 * contents document. See docs/bundle-format.md.
 */
export async function openBundle(archive: Archive, options: OpenOptions): Promise<OpenedBundle> {
  const scanned = await readCarrier(archive, options);
  const located = locate(scanned, archive);
  const findings = [...scanned.findings, ...located.findings];
  const trusted = await openList(new BundleView(archive, located.entries), options, findings);
  const { sums, view, bytes, signedBy } = trusted;
  const extent = extentOf(scanned, options);
  const { repair, signal, onEvent } = options;
  const checked: Checked =
    sums === undefined
      ? { view, contents: undefined, graph: undefined }
      : await checkContents({ view, sums, extent, repair, findings, signal, onEvent });
  return {
    form: archive.forms.join(", "),
    isForeign: false,
    source: checked.view,
    files: () => checked.view.files(),
    list: bytes,
    bundleDigest: bytes && digestOf(bytes),
    signedBy,
    contents: checked.contents,
    graph: checked.graph,
    delta: checked.delta,
    stripped: scanned.stripped,
    findings: await nameCarrierDamage(await nameNeeds(findings, checked), archive, checked.view),
  };
}

interface TrustedList {
  /** With what had to be put right to read the list. */
  readonly view: BundleView;
  /** Undefined for a bundle without a list that can be read. */
  readonly bytes: Buffer | undefined;
  readonly sums: Sums | undefined;
  readonly signedBy: readonly PublicKey[];
}

/** Reads the list of sums and judges the signatures over it: nothing else is believed before that. */
async function openList(
  carried: BundleView,
  { policy, detached }: OpenOptions,
  findings: Finding[],
): Promise<TrustedList> {
  const nothing = { view: carried, bytes: undefined, sums: undefined, signedBy: [] };
  if (!carried.has(SUMS_FILE)) return nothing;
  const found = await attempt(findings, SIGSTORE_FILE, () => findSignatures(carried, detached));
  const list = await attempt(findings, SUMS_FILE, () => readList(carried, found ?? []));
  if (list === undefined) return nothing;
  append(findings, list.findings);
  const view = carried.with(withMended(carried.entries, list.mended));
  const trust = await attempt(findings, SIGSTORE_FILE, () =>
    judgeSignatures(view, list.bytes, { policy, detached }),
  );
  append(findings, trust?.findings ?? []);
  const sums = await attempt(findings, SUMS_FILE, () => parseSums(list.bytes));
  return { view, bytes: list.bytes, sums, signedBy: trust?.signedBy ?? [] };
}

function withMended(
  entries: ReadonlyMap<string, Entry>,
  mended: readonly Entry[],
): ReadonlyMap<string, Entry> {
  return new Map([...entries, ...mended.map((entry) => [entry.path, entry] as const)]);
}
