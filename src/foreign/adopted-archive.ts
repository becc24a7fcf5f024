import type { DirectoryArchive, EntryPlace } from "../archive/archive.ts";
import { layOut, type BundleParts, type PlainFile } from "../bundle/contents.ts";
import { collect, type Bytes } from "../content/content.ts";
import { once } from "../content/memory.ts";
import { blobPath } from "../oci/image-layout.ts";

interface Member {
  readonly name: string;
  readonly size: number;
  open(): Bytes;
}

/**
 * The bundle that `parts` would make, as an archive that nobody has to write: its documents are made
 * here, everything else is read where it lies.
 */
export async function adoptedArchive(
  parts: BundleParts,
  { path, form, size }: { path: string; form: string; size: number },
): Promise<DirectoryArchive> {
  const members = await membersOf(parts);
  const read = ({ position }: Pick<EntryPlace, "position">): Bytes => {
    const member = members[position];
    if (member === undefined) throw new Error("an entry is read at the place that it was given");
    return member.open();
  };
  return {
    kind: "directory",
    path,
    forms: [form],
    size,
    notes: [],
    read,
    close: async () => {},
    async *entries() {
      for (const [position, { name, size: bytes }] of members.entries()) {
        const content = (): Bytes => read({ position });
        yield { name, kind: "file", type: "File", size: bytes, position, content };
      }
    },
  };
}

async function membersOf(parts: BundleParts): Promise<Member[]> {
  const contents = await layOut(parts, undefined);
  const lying = new Map(lyingFiles(parts).map((file) => [file.path, file]));
  const members: Member[] = [];
  for (const { name, size, content } of contents.files()) {
    const file = lying.get(name);
    if (file !== undefined) {
      members.push({ name, size, open: () => file.source.fetch(file.descriptor) });
    } else {
      const bytes = await collect(content);
      members.push({ name, size, open: () => once(bytes) });
    }
  }
  return members;
}

function lyingFiles({ plain, metadata, blobs, source }: BundleParts): readonly PlainFile[] {
  const all = [...metadata, ...blobs].map((descriptor) => ({
    path: blobPath(descriptor.digest),
    descriptor,
    source,
  }));
  return [...plain, ...all];
}
