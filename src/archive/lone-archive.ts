import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Archive, RawEntry } from "./archive.ts";
import { StreamCursor } from "./cursor.ts";
import { entryPath } from "./entry-path.ts";
import { readMemberHeader } from "./members/gzip-members.ts";
import { APPLE_DOUBLE_MAGIC, isJunkName, mayBeAppleDouble } from "./junk.ts";
import { sniff } from "./sniff.ts";
import { TAR_BLOCK } from "./tar/tar-header.ts";

/** What is put beside a bundle: its sums and signatures, the key, a word about it. */
export const BESIDE =
  /\.(?:sigstore\.json|sig|asc|pub|pem|sha256|sha256sum|sha512|md5|txt|md|pdf)$/i;

/** More archives beside one another than anybody chooses from. */
const MAX_CHOICES = 10;

/**
 * The one archive that an archive or a directory holds and nothing else, if that is so. Reads on only
 * as long as it may be.
 *
 * @throws DrayError `DRAY_ARCHIVE_AMBIGUOUS` where several bundles lie, as they were written
 */
export async function loneArchive(archive: Archive): Promise<RawEntry | undefined> {
  const found = await archivesIn(archive);
  if (found.length > 1) throw ambiguous(archive.path, found);
  return found[0];
}

/** Says that the one archive was opened that lies in what `path` names. */
export function nestedIn(path: string, name: string): Finding {
  return {
    code: "ARCHIVE_NESTED",
    severity: "info",
    entry: name,
    message: `${JSON.stringify(path)} holds nothing but ${JSON.stringify(name)}, which was opened`,
  };
}

/** What an archive holds, if that is one other archive, or several bundles as they were written. */
async function archivesIn(archive: Archive): Promise<readonly RawEntry[]> {
  const found: RawEntry[] = [];
  let areWritten = true;
  try {
    for await (const raw of archive.entries({ check: false })) {
      const head = await tellingHead(raw);
      if (head === undefined) continue;
      found.push(raw);
      areWritten &&= readMemberHeader(head) !== undefined;
      // Where one is not a bundle as it was written, what several mean is not for us to say.
      const mayBe = found.length === 1 || (areWritten && found.length <= MAX_CHOICES);
      if (sniff(head) === undefined || !mayBe) return [];
    }
  } catch (error) {
    // Whoever reads it for its entries says what is wrong with it.
    if (error instanceof DrayError && error.kind === "refused") return [];
    throw error;
  }
  return found;
}

/** The first bytes of an entry; undefined for what only lies beside a bundle. */
async function tellingHead(raw: RawEntry): Promise<Buffer | undefined> {
  const { name, kind } = raw;
  if (kind === "directory" || isJunkName(name) || BESIDE.test(name)) return undefined;
  // Whatever it is, the entry rules refuse it.
  if (kind !== "file" || "problem" in entryPath(name)) return Buffer.alloc(0);
  const head = await headOf(raw);
  return mayBeAppleDouble(name) && startsWith(head, APPLE_DOUBLE_MAGIC) ? undefined : head;
}

async function headOf(raw: RawEntry): Promise<Buffer> {
  const cursor = new StreamCursor(raw.content());
  try {
    return await cursor.take(Math.min(raw.size, TAR_BLOCK));
  } finally {
    await cursor.close();
  }
}

function startsWith(head: Buffer, magic: Uint8Array): boolean {
  return head.subarray(0, magic.length).equals(magic);
}

function ambiguous(path: string, found: readonly RawEntry[]): DrayError {
  const names = found.map(({ name }) => JSON.stringify(name)).join(", ");
  return new DrayError(
    "DRAY_ARCHIVE_AMBIGUOUS",
    `Cannot open ${JSON.stringify(path)}: expected one bundle, found ${names}`,
    { kind: "usage", hint: "Take the one that is meant and name it." },
  );
}
