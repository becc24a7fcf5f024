import { tmpdir } from "node:os";
import { fileOf, framed, gzipped } from "../../fixtures/archives.ts";
import {
  bundleFile,
  makeBundle,
  readEntries,
  resigned,
  SIGNER,
  tarOf,
  type Entries,
} from "../../fixtures/bundles.ts";
import type { TrustPolicy } from "../../src/trust/policy.ts";
import { verify, type VerifyReport } from "../../src/stories/verify.ts";

export const TRUST: TrustPolicy = { keys: [SIGNER.publicKey] };

let made: Promise<Entries> | undefined;

/** The entries of one good bundle, made once, in a map of their own. */
export async function sampleEntries(): Promise<Entries> {
  made ??= makeBundle().then(({ path }) => readEntries(path));
  return new Map(await made);
}

/** Verifies a file with the signer of the fixtures trusted. */
export function check(path: string, trust: TrustPolicy = TRUST): Promise<VerifyReport> {
  return verify({ path, trust }, { workDirectory: tmpdir() });
}

/** The errors of a report, by code. */
export function errorCodes({ findings }: VerifyReport): string[] {
  return findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
}

/** What verify says of entries as they are, in the bundle's own form. */
export async function checkEntries(
  entries: Iterable<readonly [string, Buffer]>,
): Promise<VerifyReport> {
  return check(await bundleFile(entries));
}

/** What verify says of entries that somebody with the trusted key has put together. */
export function checkResigned(entries: Entries): Promise<VerifyReport> {
  return checkEntries(resigned(entries));
}

/** The carriers that a bundle may arrive in. */
export async function carriers(entries: Entries): Promise<Record<string, string>> {
  const tar = tarOf(entries);
  return {
    "as written": await fileOf(await framed(tar)),
    "as plain tar": await fileOf(tar),
    "compressed again": await fileOf(gzipped(tar)),
  };
}

/** Entries with one of them changed; undefined takes it out. */
export function changed(
  entries: Entries,
  name: string,
  change: (content: Buffer) => Buffer | string | undefined,
): Entries {
  const copy = new Map(entries);
  const content = copy.get(name);
  if (content === undefined) throw new Error(`no entry ${name}`);
  const after = change(content);
  if (after === undefined) copy.delete(name);
  else copy.set(name, Buffer.from(after));
  return copy;
}

export interface BundleJson {
  name: string;
  version: string;
  formatVersion: number;
  artifacts: Record<string, unknown>[];
  files: { path: string; size: number }[];
}

/** Entries with bundle.json changed. */
export function changedManifest(entries: Entries, change: (document: BundleJson) => void): Entries {
  return changed(entries, "bundle.json", (content) => {
    const document = JSON.parse(content.toString()) as BundleJson;
    change(document);
    return JSON.stringify(document);
  });
}

export interface IndexJson {
  manifests: {
    digest: string;
    size: number;
    mediaType: string;
    annotations: Record<string, string>;
  }[];
}

/** Entries with index.json changed. */
export function changedIndex(entries: Entries, change: (document: IndexJson) => void): Entries {
  return changed(entries, "index.json", (content) => {
    const document = JSON.parse(content.toString()) as IndexJson;
    change(document);
    return JSON.stringify(document);
  });
}
