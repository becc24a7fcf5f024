import { writeFile } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { StreamCursor } from "../../src/archive/cursor.ts";
import { entryPath } from "../../src/archive/entry-path.ts";
import { readTar } from "../../src/archive/tar/tar-reader.ts";
import { parseContentsDocument } from "../../src/bundle/format.ts";
import { parseSums } from "../../src/bundle/sums.ts";
import { discard } from "../../src/content/content.ts";
import { once } from "../../src/content/memory.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { parseIndexFile } from "../../src/oci/image-layout.ts";
import { parseJson } from "../../src/oci/json.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { MediaType } from "../../src/oci/media-type.ts";
import { formatReference, parseReference } from "../../src/oci/reference.ts";
import { parseDetached } from "../../src/trust/detached.ts";
import { verify } from "../../src/stories/verify.ts";
import type { Samples } from "./samples.ts";

/** What reads a stranger's bytes: it ends in a result or in a DrayError, or it has a mistake. */
export interface Target {
  readonly samples: readonly Buffer[];
  /** Throws a plain Error where the result is not what it has to be. */
  run(bytes: Buffer): unknown;
}

export function makeTargets(samples: Samples, directory: string): Record<string, Target> {
  const entry = (name: string): Buffer => samples.entries.get(name) ?? Buffer.alloc(0);
  const manifests = [...samples.entries].flatMap(([name, bytes]) =>
    name.startsWith("blobs/") && bytes[0] === 0x7b ? [bytes] : [],
  );
  const [, tar = Buffer.alloc(0)] = samples.carriers;
  return {
    bundle: { samples: samples.carriers, run: bundleReader(samples, directory) },
    tar: { samples: [tar], run: readEveryEntry },
    names: { samples: texts(NAMES), run: (bytes) => staysInside(bytes.toString()) },
    sums: { samples: [entry("SHA256SUMS")], run: parseSums },
    "bundle.json": { samples: [entry("bundle.json")], run: parseContentsDocument },
    "index.json": { samples: [entry("index.json")], run: (b) => parseIndexFile(b, "index.json") },
    signature: {
      samples: [entry("SHA256SUMS.sigstore.json")],
      run: (bytes) => parseDetached(bytes, "signature"),
    },
    json: { samples: manifests, run: (bytes) => parseJson(bytes, "json") },
    manifest: {
      samples: manifests,
      run: (bytes) => parseManifest(bytes, { mediaType: MediaType.ociManifest, what: "manifest" }),
    },
    references: { samples: texts(REFERENCES), run: (bytes) => roundTrip(bytes.toString()) },
    digests: {
      samples: texts([`sha256:${"a".repeat(64)}`]),
      run: (b) => parseDigest(b.toString()),
    },
  };
}

const NAMES = ["blobs/sha256/abc", "./files/a b.txt", "a/b/../c", "charts/x-1.0.0+a.tgz"];
const REFERENCES = [
  "alpine",
  "docker.io/library/alpine:3.20",
  `registry.example:5000/a/b@sha256:${"0".repeat(64)}`,
  "[::1]:5000/x:y",
];

function texts(list: readonly string[]): Buffer[] {
  return list.map((text) => Buffer.from(text));
}

/** Whatever the carrier has become: what is taken is the bundle that was signed. */
function bundleReader(samples: Samples, directory: string): Target["run"] {
  const path = resolve(directory, "mutated");
  const trust = { keys: [samples.key.publicKey] };
  return async (bytes) => {
    await writeFile(path, bytes);
    const { good, bundleDigest } = await verify({ path, trust }, { workDirectory: directory });
    if (good && bundleDigest !== samples.bundleDigest) {
      throw new Error(`took a bundle ${bundleDigest} that nobody has signed`);
    }
  };
}

async function readEveryEntry(bytes: Buffer): Promise<void> {
  for await (const raw of readTar(new StreamCursor(once(bytes)))) await discard(raw.content());
}

function staysInside(name: string): void {
  const checked = entryPath(name);
  if ("problem" in checked) return;
  const root = resolve("/a/root");
  const path = resolve(root, checked.path);
  if (path !== root && !path.startsWith(root + sep)) throw new Error(`${path} is outside ${root}`);
}

function roundTrip(text: string): void {
  const reference = parseReference(text);
  const again = formatReference(parseReference(formatReference(reference)));
  if (again !== formatReference(reference)) throw new Error(`${text} became ${again}`);
}
