import type { SeekableArchive } from "../archive/archive.ts";
import { kindOf, type Artifact } from "../bundle/artifact.ts";
import { assemble, type Assembled } from "../bundle/assemble.ts";
import { layOut, openEntry, type BundleContents } from "../bundle/contents.ts";
import { isBundleName } from "../bundle/format.ts";
import type { OpenedBundle, OpenedFile } from "../bundle/opened.ts";
import { neededBy } from "../bundle/needed-by.ts";
import { readsEverything, type ContentNeed } from "../bundle/read-carrier.ts";
import type { LayoutGraph } from "../content/graph.ts";
import { checkBlob } from "../content/verify.ts";
import type { Run } from "../events.ts";
import { hasErrors, type Finding } from "../finding.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { Annotation, blobPath } from "../oci/image-layout.ts";
import { checkSignatures, type TrustPolicy } from "../trust/policy.ts";
import { append } from "../content/append.ts";
import { adopt, type AdoptOptions } from "./adopt.ts";
import type { BlobPool } from "./blob-pool.ts";
import type { ForeignIdentity } from "./foreign-content.ts";
import type { Foreign } from "./join-foreign.ts";
import { readForeign } from "./read-foreign.ts";

export interface ForeignOptions {
  readonly policy: TrustPolicy;
  readonly content: ContentNeed;
  readonly names: AdoptOptions["names"];
  readonly platforms: AdoptOptions["platforms"];
}

/** No key helps where nobody has signed. */
const UNSIGNED_HINT =
  "--allow-unsigned takes it as it is; `dray pack --from` makes a signed bundle of it.";

/** A bundle of others; whoever opened its archive closes that too. */
export interface ForeignBundle {
  readonly bundle: OpenedBundle;
  readonly close: () => Promise<void>;
}

/**
 * Opens what others have packed as the bundle that dray would make of it, so that everything that
 * is done with a bundle is done with it in the same way. Undefined if there is nothing in it.
 */
export async function openForeign(
  archive: SeekableArchive,
  options: ForeignOptions,
  run: Run,
): Promise<ForeignBundle | undefined> {
  const foreign = await readForeign(archive, run);
  if (foreign === undefined) return undefined;
  const { close } = foreign;
  try {
    return { bundle: await open(foreign, options, run), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  foreign: Foreign,
  { policy, content, names, platforms }: ForeignOptions,
  run: Run,
): Promise<OpenedBundle> {
  const created = new Date(0);
  const isNameNeeded = content === "readable" || content === "verified";
  const choices = { names, platforms, created, isNameNeeded, includeNonDistributable: false };
  const { artifacts, identity = UNNAMED, findings: found } = await adopt(foreign, choices);
  const made = artifacts.length === 0 ? [] : [unsigned(foreign)];
  const findings = [...made, ...found, ...checkIdentity(identity)];
  const { blobs } = foreign;
  if (readsEverything(content)) append(findings, await checkBlobs(artifacts, blobs, run));
  if (hasErrors(findings)) return { ...nothing(foreign), findings };
  const assembled = assemble({ ...identity, created, artifacts, files: [] });
  const contents = await layOut(assembled, undefined);
  const { sums: list } = contents;
  return {
    ...nothing(foreign),
    files: () => filesOf(contents),
    list,
    bundleDigest: digestOf(list),
    contents: assembled.document,
    graph: graphOf(artifacts, assembled),
    findings: [...findings, ...mistrust(list, policy)],
  };
}

const UNNAMED: ForeignIdentity = { name: "bundle", version: "0.0.0" };

/** What is refused has blobs, and nothing that could be used. */
function nothing({ form, blobs, stripped }: Foreign): Omit<OpenedBundle, "findings"> {
  return {
    form,
    isForeign: true,
    source: blobs,
    files: () => [],
    list: undefined,
    bundleDigest: undefined,
    signedBy: [],
    contents: undefined,
    graph: undefined,
    stripped,
  };
}

/** What is made here stands first; what lies in the archive is read there. */
function filesOf(contents: BundleContents): readonly OpenedFile[] {
  return contents.entries.map((entry) => ({
    path: entry.name,
    size: entry.size,
    content: () => openEntry(entry),
  }));
}

/** The graphs of all artifacts as one, each root as `index.json` has it. */
function graphOf(artifacts: readonly Artifact[], { roots, metadata }: Assembled): LayoutGraph {
  const byName = new Map(artifacts.map(({ reference, root }) => [reference, root]));
  return {
    roots: roots.flatMap((descriptor) => {
      const name = descriptor.annotations?.[Annotation.refName];
      const root = name === undefined ? undefined : byName.get(name);
      return root === undefined ? [] : [{ ...root, name, descriptor }];
    }),
    metadata: new Set(metadata.map(({ descriptor: { digest } }) => digest)),
    reachable: new Map(artifacts.flatMap(({ root }) => [...root.blobs])),
    findings: [],
  };
}

/** Reads every blob that is needed, and says which is not what it should be. */
async function checkBlobs(
  artifacts: readonly Artifact[],
  blobs: BlobPool,
  { signal, onEvent }: Run,
): Promise<Finding[]> {
  const needed = new Map<string, Descriptor>();
  for (const { root } of artifacts) {
    for (const descriptor of root.blobs.values()) needed.set(descriptor.digest, descriptor);
  }
  const needOf = neededBy(
    artifacts.map((artifact) => ({
      label: `${kindOf(artifact)} ${artifact.reference}`,
      blobs: artifact.root.blobs,
    })),
  );
  const findings: Finding[] = [];
  for (const descriptor of needed.values()) {
    // What is missing is known.
    if (blobs.sizeOf(descriptor) === undefined) continue;
    signal.throwIfAborted();
    const finding = await checkBlob(blobs, descriptor, { onEvent });
    if (finding !== undefined) {
      const entry = blobs.fileOf(descriptor)?.path ?? descriptor.digest;
      const need = needOf(blobPath(descriptor.digest)) ?? "nothing";
      const message = `${finding.message}; needed by ${need}`;
      findings.push({ ...finding, message, entry, hint: DAMAGED_HINT });
    }
  }
  return findings;
}

const DAMAGED_HINT = "Copy the file again from where it was made, or have it made again.";

function unsigned({ form }: Foreign): Finding {
  return {
    code: "FOREIGN_BUNDLE",
    severity: "info",
    message: `Others have made this (${form}): nobody has signed it for dray`,
  };
}

/** That there is no signature is said already; whether one is needed is for the user to say. */
function mistrust(list: Buffer, policy: TrustPolicy): Finding[] {
  return checkSignatures(list, [], policy)
    .findings.filter(({ severity }) => severity === "error")
    .map((finding) => ({ ...finding, hint: UNSIGNED_HINT }));
}

/** Name and version become parts of file names. */
function checkIdentity({ name, version }: ForeignIdentity): Finding[] {
  if (isBundleName(name) && isBundleName(version)) return [];
  return [
    {
      code: "BUNDLE_INVALID",
      severity: "error",
      message: `It calls itself ${JSON.stringify(`${name} ${version}`.slice(0, 200))}: expected letters, digits, dots, dashes, plus signs and underscores`,
      hint: "`dray pack --from` takes a name and a version of your own.",
    },
  ];
}
