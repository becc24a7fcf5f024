import { adopt, type Adopted, type AdoptOptions } from "./adopt.ts";
import { adoptedArchive } from "./adopted-archive.ts";
import type { SeekableArchive } from "../archive/archive.ts";
import type { WorkOptions } from "../archive/work-file.ts";
import { assemble } from "../bundle/assemble.ts";
import { openBundle, type OpenedBundle, type OpenOptions } from "../bundle/open.ts";
import { BundleView } from "../bundle/view.ts";
import { checkBlob } from "../content/verify.ts";
import { hasErrors, type Finding } from "../finding.ts";
import { readForeign, type Foreign } from "./read-foreign.ts";
import type { Descriptor } from "../oci/descriptor.ts";

export type ForeignOptions = OpenOptions &
  WorkOptions &
  Omit<AdoptOptions, "created" | "isNameNeeded">;

/** What is said first of every such bundle. */
const FOREIGN_BUNDLE = "FOREIGN_BUNDLE";

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
): Promise<ForeignBundle | undefined> {
  const foreign = await readForeign(archive, options);
  if (foreign === undefined) return undefined;
  const { close } = foreign;
  try {
    return { bundle: await open(foreign, archive, options), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  foreign: Foreign,
  archive: SeekableArchive,
  options: ForeignOptions,
): Promise<OpenedBundle> {
  const isNameNeeded = options.content === "readable";
  const adopted = await adopt(foreign, { ...options, created: new Date(0), isNameNeeded });
  const findings = [unsigned(foreign), ...adopted.findings];
  if (options.content === "hashed") findings.push(...(await checkContent(adopted, options)));
  if (hasErrors(findings)) return refused(archive, foreign, findings);
  const opened = await openParts(adopted, { archive, foreign, options });
  // That there is no signature is said already.
  const more = opened.findings.filter(({ severity }) => severity === "error");
  const errors = more.map((error) =>
    error.code.startsWith("SIGNATURE_") ? { ...error, hint: UNSIGNED_HINT } : error,
  );
  return { ...opened, stripped: foreign.stripped, findings: [...findings, ...errors] };
}

async function openParts(
  { parts, plain, blobs, identity }: Adopted,
  {
    archive,
    foreign,
    options,
  }: { archive: SeekableArchive; foreign: Foreign; options: ForeignOptions },
): Promise<OpenedBundle> {
  const { name, version } = identity ?? { name: "bundle", version: "0.0.0" };
  const created = new Date(0);
  const all = { name, version, created, parts, plain, files: [], source: blobs };
  const { path, size } = archive;
  const { form } = foreign;
  const carrier = await adoptedArchive(assemble(all), { path, form, size });
  // Its content was checked before, or is checked by whoever uses it.
  const content = options.content === "head" ? "head" : "readable";
  return openBundle(carrier, { ...options, detached: [], content });
}

/** Reads every blob that is needed, and says which is not what it should be. */
async function checkContent(
  { parts, blobs }: Adopted,
  { signal, onEvent }: ForeignOptions,
): Promise<Finding[]> {
  const needed = new Map<string, Descriptor>();
  for (const { root } of parts) {
    for (const descriptor of root.blobs.values()) needed.set(descriptor.digest, descriptor);
  }
  const findings: Finding[] = [];
  for (const descriptor of needed.values()) {
    // What is missing is known.
    if (blobs.sizeOf(descriptor) === undefined) continue;
    signal?.throwIfAborted();
    const finding = await checkBlob(blobs, descriptor);
    if (finding === undefined) onEvent?.({ type: "progress", bytes: descriptor.size });
    else findings.push({ ...finding, entry: blobs.fileOf(descriptor)?.path ?? descriptor.digest });
  }
  return findings;
}

/** True for a bundle that was opened by `openForeign`. */
export function isForeign({ findings }: Pick<OpenedBundle, "findings">): boolean {
  return findings.some(({ code }) => code === FOREIGN_BUNDLE);
}

function unsigned({ form }: Foreign): Finding {
  return {
    code: FOREIGN_BUNDLE,
    severity: "info",
    message: `Others have made this (${form}): nobody has signed it for dray`,
  };
}

function refused(
  archive: SeekableArchive,
  { form, stripped }: Foreign,
  findings: readonly Finding[],
): OpenedBundle {
  return {
    form,
    view: new BundleView(archive, new Map()),
    bundleDigest: undefined,
    signedBy: [],
    manifest: undefined,
    graph: undefined,
    stripped,
    findings,
  };
}
