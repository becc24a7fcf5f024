import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { framed, gzipped } from "../../fixtures/archives.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { Archive } from "../../src/archive/archive.ts";
import { openArchive } from "../../src/archive/open-archive.ts";
import { scan, type Scan } from "../../src/archive/scan.ts";
import { collect } from "../../src/content/content.ts";

/** The carriers that a tar can come in. */
export const CARRIERS = ["framed", "gzip", "tar"] as const;
export type Carrier = (typeof CARRIERS)[number];

export async function carried(tar: Buffer, carrier: Carrier): Promise<Buffer> {
  if (carrier === "framed") return framed(tar);
  return carrier === "gzip" ? gzipped(tar) : tar;
}

/** Opens bytes as an archive, until the test ends. */
export async function opened(bytes: Uint8Array): Promise<Archive> {
  const path = join(await temporaryDirectory(), "archive");
  await writeFile(path, bytes);
  return openedAt(path);
}

export async function openedAt(path: string): Promise<Archive> {
  const archive = await openArchive(path);
  onTestFinished(() => archive.close());
  return archive;
}

export interface Listed {
  readonly name: string;
  readonly kind: string;
  readonly content: string;
}

/** Every member with its content; throws where the archive is damaged. */
export async function list(archive: Archive, { check = true } = {}): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const raw of archive.entries({ check })) {
    const content = await collect(raw.content());
    found.push({ name: raw.name, kind: raw.kind, content: content.toString("latin1") });
  }
  return found;
}

/** The members of a tar, seen through one carrier. */
export async function listTar(tar: Buffer, carrier: Carrier = "tar"): Promise<Listed[]> {
  return list(await opened(await carried(tar, carrier)));
}

/** What the entry rules say of a tar, hashing it all. */
export async function scanTar(tar: Buffer, carrier: Carrier = "tar"): Promise<Scan> {
  return scan(await opened(await carried(tar, carrier)), { hash: true });
}

export function codes({ findings }: Pick<Scan, "findings">): string[] {
  return findings.map(({ code }) => code);
}
