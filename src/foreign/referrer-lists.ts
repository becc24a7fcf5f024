import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { parseManifest } from "../oci/manifest.ts";
import { isIndexType, isManifestType } from "../oci/media-type.ts";
import { referrersTag, subjectOfTag } from "../oci/referrer.ts";
import { withName, type NamedRoot } from "./adopt-names.ts";
import type { BlobPool } from "./blob-pool.ts";

/** Entries of all lists: the same few lists may stand in an archive very often. */
const MAX_LISTED = 100_000;

/**
 * Takes what lists of referrers name, each as a root of its own, and not the lists: whoever delivers
 * that writes the list anew where one is needed. What a list names and is not there is said, and what
 * does not say itself what it is about is not taken on the list's word.
 * @throws DrayError `DRAY_LAYOUT_INVALID`
 */
export async function withoutLists(
  roots: readonly NamedRoot[],
  blobs: BlobPool,
): Promise<WithoutLists> {
  const kept: NamedRoot[] = [];
  const lists = new Set<Digest>();
  const findings: Finding[] = [];
  let looked = 0;
  for (const root of roots) {
    const subject = listedSubject(root);
    const listed = subject === undefined ? undefined : await listedIn(root, blobs);
    if (subject === undefined || listed === undefined) {
      kept.push(root);
      continue;
    }
    lists.add(root.descriptor.digest);
    looked += listed.length;
    if (looked > MAX_LISTED) throw tooMany();
    for (const descriptor of listed) {
      const problem = await problemOf(descriptor, subject, blobs);
      if (problem === undefined) kept.push(besides(root, { descriptor }));
      else findings.push(leftOut(descriptor, subject, problem));
    }
  }
  return { roots: kept, lists, findings };
}

function tooMany(): DrayError {
  const message = `Cannot read lists of referrers: expected at most ${MAX_LISTED} entries in all, found more`;
  return new DrayError("DRAY_LAYOUT_INVALID", message, { kind: "refused" });
}

interface WithoutLists {
  readonly roots: readonly NamedRoot[];
  /** What was left out because it is a list. */
  readonly lists: ReadonlySet<Digest>;
  readonly findings: readonly Finding[];
}

/** What a list is about, by the tag that it stands under; undefined for what is no list. */
function listedSubject({ descriptor, reference, tag }: NamedRoot): Digest | undefined {
  const name = reference?.tag ?? tag;
  if (name === undefined || !isIndexType(descriptor.mediaType)) return undefined;
  const subject = subjectOfTag(name);
  return subject !== undefined && referrersTag(subject) === name ? subject : undefined;
}

/** The entries of a list; of one that cannot be read nothing, and whoever follows it says why. */
async function listedIn(
  { descriptor }: NamedRoot,
  blobs: BlobPool,
): Promise<readonly Descriptor[] | undefined> {
  if (!blobs.has(descriptor.digest)) return undefined;
  try {
    const { mediaType, digest } = descriptor;
    const list = parseManifest(await blobs.read(descriptor), { mediaType, what: digest });
    return list.kind === "index" ? list.manifests : undefined;
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}

async function problemOf(
  descriptor: Descriptor,
  subject: Digest,
  blobs: BlobPool,
): Promise<string | undefined> {
  const { mediaType, digest } = descriptor;
  if (!blobs.has(digest)) return "it is not there";
  if (!isManifestType(mediaType)) return "it is no manifest";
  try {
    const manifest = parseManifest(await blobs.read(descriptor), { mediaType, what: digest });
    return manifest.subject?.digest === subject ? undefined : "it does not say so itself";
  } catch (error) {
    if (error instanceof DrayError) return error.message;
    throw error;
  }
}

/** What has no tag is known by its digest, where that beside which it stands has a home. */
export function besides(
  { reference, place }: NamedRoot,
  { descriptor, subject }: { readonly descriptor: Descriptor; readonly subject?: Digest },
): NamedRoot {
  const { mediaType, digest, size } = descriptor;
  const found: NamedRoot = {
    descriptor: { mediaType, digest, size },
    name: undefined,
    subject,
    hints: [],
    place,
  };
  if (reference === undefined) return found;
  const { registry, repository } = reference;
  return withName(found, { registry, repository, digest });
}

export function leftOut({ digest }: Descriptor, subject: Digest, problem: string): Finding {
  return {
    code: "REFERRERS_UNKNOWN",
    severity: "warning",
    entry: subject,
    message: `Not all came along that refers to ${subject}: ${digest} is named, and ${problem}`,
  };
}
