import { counted, discard, type Bytes, type FetchOptions } from "../content/content.ts";
import { verified } from "../content/verify.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { blobPath } from "../oci/image-layout.ts";
import type { Shelf } from "./blob-shelf.ts";
import { DELTA_FILE } from "./format.ts";
import { leftOutFindings, type LeftOut } from "./left-out.ts";
import type { BundleSource, OpenedBundle, OpenedFile } from "./opened.ts";

/** Whether what a delta leaves out is refused, or had elsewhere by whoever uses the bundle. */
export type BlobNeed = "needed" | "elsewhere";

interface Joining {
  readonly bases: readonly Shelf[];
  readonly blobs: BlobNeed;
  /** Read what the bases give now, and not when it is used. */
  readonly verifyNow: boolean;
  readonly run: Run;
}

/**
 * Gives a delta what it leaves out, as far as a base has it. Nothing of a base is believed: each blob is
 * compared with the digest that the delta's own list has for it.
 */
export async function joinBases(bundle: OpenedBundle, joining: Joining): Promise<OpenedBundle> {
  const { delta } = bundle;
  if (delta === undefined) return bundle;
  const found = new Map<Digest, Found>();
  const rest: LeftOut[] = [];
  for (const one of delta.leftOut) {
    const base = await firstWith(one.descriptor, joining);
    if (base === undefined) rest.push(one);
    else found.set(one.descriptor.digest, { descriptor: one.descriptor, base });
  }
  const left = { ...delta, leftOut: rest };
  const isNeeded = joining.blobs === "needed";
  return {
    ...bundle,
    delta: left,
    source: new JoinedSource(bundle.source, found),
    files: () => [...ownFiles(bundle, rest), ...[...found.values()].map(fileOf)],
    findings: [
      ...bundle.findings.filter(({ code }) => code !== "BLOBS_LEFT_OUT"),
      ...leftOutFindings(left, isNeeded ? "error" : "info"),
      ...(found.size === 0 ? [] : [joined(found)]),
    ],
  };
}

interface Found {
  readonly descriptor: Descriptor;
  readonly base: Shelf;
}

/** The first base that has a blob, and has it undamaged where that is looked at now. */
async function firstWith(
  descriptor: Descriptor,
  { bases, verifyNow, run }: Joining,
): Promise<Shelf | undefined> {
  for (const base of bases) {
    if (!(await base.exists(descriptor))) continue;
    if (!verifyNow || (await isWhole(base, descriptor, run))) return base;
  }
  return undefined;
}

async function isWhole(base: Shelf, blob: Descriptor, { signal, onEvent }: Run): Promise<boolean> {
  signal.throwIfAborted();
  try {
    const content = counted(base.fetch(blob, { signal }), onEvent);
    await discard(verified(content, blob, { from: base.name }));
    return true;
  } catch (error) {
    if (!(error instanceof DrayError) || error.kind !== "refused") throw error;
    onEvent({ type: "warning", message: error.message });
    return false;
  }
}

/** With all that was left out beside it, it is a delta no more. */
function ownFiles(bundle: OpenedBundle, rest: readonly LeftOut[]): readonly OpenedFile[] {
  return rest.length > 0
    ? bundle.files()
    : bundle.files().filter(({ path }) => path !== DELTA_FILE);
}

function fileOf({ descriptor, base }: Found): OpenedFile {
  const path = blobPath(descriptor.digest);
  const from = `${JSON.stringify(path)} of ${base.name}`;
  const content = (): Bytes => verified(base.fetch(descriptor), descriptor, { from });
  return { path, size: descriptor.size, content };
}

function joined(found: ReadonlyMap<Digest, Found>): Finding {
  const bytes = [...found.values()].reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  const blobs = found.size === 1 ? "1 blob" : `${found.size} blobs`;
  const names = [...new Set([...found.values()].map(({ base }) => base.name))].join(", ");
  return {
    code: "BASE_JOINED",
    severity: "info",
    message: `A delta: ${blobs} of ${bytes} bytes that it leaves out were taken from ${names}`,
  };
}

/** A delta and its bases, read as one. */
class JoinedSource implements BundleSource {
  readonly name: string;
  readonly #delta: BundleSource;
  readonly #found: ReadonlyMap<Digest, Found>;

  constructor(delta: BundleSource, found: ReadonlyMap<Digest, Found>) {
    this.name = delta.name;
    this.#delta = delta;
    this.#found = found;
  }

  sizeOf(descriptor: Descriptor): number | undefined {
    return this.#found.get(descriptor.digest)?.descriptor.size ?? this.#delta.sizeOf(descriptor);
  }

  read(descriptor: Descriptor): Promise<Buffer> {
    return this.#delta.read(descriptor);
  }

  fetch(descriptor: Descriptor, options?: FetchOptions): Bytes {
    const { base } = this.#found.get(descriptor.digest) ?? {};
    return (base ?? this.#delta).fetch(descriptor, options);
  }

  async placeOf(descriptor: Descriptor): Promise<string | undefined> {
    const { base } = this.#found.get(descriptor.digest) ?? {};
    if (base === undefined) return this.#delta.placeOf(descriptor);
    return `${blobPath(descriptor.digest)} of ${base.name}`;
  }
}
