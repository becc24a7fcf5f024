import { tarSize, writeTar, type TarInput } from "../archive/tar/tar-writer.ts";
import type { OpenedFile } from "../bundle/opened.ts";
import { once } from "../content/memory.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { encodedOf } from "../oci/digest.ts";
import {
  Annotation,
  blobPath,
  formatIndexFile,
  INDEX_FILE,
  LAYOUT_CONTENT,
  LAYOUT_FILE,
} from "../oci/image-layout.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import type { LoadableImage } from "./loadable-image.ts";

/** What container runtimes load without a registry, called as skopeo does. */
export type RuntimeForm = "oci-archive" | "docker-archive";

/** What every reader of Docker archives begins with. */
const DOCKER_MANIFEST = "manifest.json";

/** All archives are dated alike: the same images give the same bytes. */
const MTIME = new Date(0);

/** File systems take 255 bytes; a digest and an ending come behind. */
const MAX_NAME = 200;

/**
 * One archive for each image, named for it, or a single one for all. Each is an OCI image layout; a
 * Docker archive has `manifest.json` beside it, as `docker save` writes both since version 25.
 * Layers stay as they are, compressed or not, and keep their digests.
 */
export function runtimeArchives(
  images: readonly LoadableImage[],
  form: RuntimeForm,
  single: boolean,
): readonly OpenedFile[] {
  if (single) return [archive("images.tar", images, form)];
  const taken = new Set<string>();
  return images.map((image) => {
    const name = fileName(image, taken);
    taken.add(name.toLowerCase());
    return archive(name, [image], form);
  });
}

/** A name that every file system takes; the digest tells apart those that would have the same. */
function fileName({ reference, root }: LoadableImage, taken: ReadonlySet<string>): string {
  const plain = reference.replaceAll(/[^A-Za-z0-9._-]/g, "_");
  const isFree = plain.length <= MAX_NAME && !taken.has(`${plain}.tar`.toLowerCase());
  if (isFree) return `${plain}.tar`;
  return `${plain.slice(0, MAX_NAME)}_${encodedOf(root.descriptor.digest).slice(0, 12)}.tar`;
}

function archive(path: string, images: readonly LoadableImage[], form: RuntimeForm): OpenedFile {
  const head = [
    { name: LAYOUT_FILE, bytes: Buffer.from(LAYOUT_CONTENT) },
    { name: INDEX_FILE, bytes: formatIndexFile(images.map(named)) },
    ...(form === "docker-archive"
      ? [{ name: DOCKER_MANIFEST, bytes: dockerManifest(images) }]
      : []),
  ].map(({ name, bytes }) => ({ path: name, size: bytes.length, content: () => once(bytes) }));
  const blobs = new Map(images.flatMap((image) => image.blobs).map((blob) => [blob.path, blob]));
  const files = [...head, ...blobs.values()];
  const size = tarSize(files.map((file) => ({ name: file.path, size: file.size })));
  return { path, size, content: () => writeTar(opened(files), { mtime: MTIME }) };
}

/** Each file is opened when its turn comes. */
function* opened(files: Iterable<OpenedFile>): Generator<TarInput> {
  for (const { path, size, content } of files) {
    yield { name: path, size, content: content(), mayBeLong: true };
  }
}

/** The root under the names that containerd, podman and the specification look for. */
function named({ reference, root: { descriptor } }: LoadableImage): Descriptor {
  const { tag } = parseReference(reference);
  const { mediaType, digest, size } = descriptor;
  const annotations = {
    [Annotation.containerdName]: reference,
    ...(tag === undefined ? {} : { [Annotation.refName]: reference }),
  };
  return { mediaType, digest, size, annotations };
}

/** https://github.com/moby/moby/blob/v28.0.0/image/tarexport/tarexport.go, `manifestItem` */
function dockerManifest(images: readonly LoadableImage[]): Buffer {
  const items = images.flatMap(({ reference, root: { manifest } }) =>
    manifest.kind === "index"
      ? []
      : [
          {
            Config: blobPath(manifest.config.digest),
            RepoTags: tagsOf(reference),
            Layers: manifest.layers.map(({ digest }) => blobPath(digest)),
          },
        ],
  );
  return Buffer.from(JSON.stringify(items));
}

/** Docker has no tag for what is named by digest alone. */
function tagsOf(text: string): readonly string[] | null {
  const { digest: _digest, ...tagged } = parseReference(text);
  return tagged.tag === undefined ? null : [formatReference(tagged)];
}
