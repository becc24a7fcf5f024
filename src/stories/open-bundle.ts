import { resolve } from "node:path";
import { openArchive } from "../archive/open-archive.ts";
import { spooled } from "../archive/work-file.ts";
import { openBundle, type OpenedBundle } from "../bundle/open.ts";
import type { ContentNeed } from "../bundle/read-carrier.ts";
import { checkChartNames } from "../bundle/chart-names.ts";
import { findDetached } from "../trust/detached.ts";
import { DrayError } from "../errors.ts";
import type { Run } from "../events.ts";
import type { Finding } from "../finding.ts";
import { openForeign } from "../foreign/foreign-bundle.ts";
import type { Platform } from "../oci/platform.ts";
import type { GivenNames } from "../foreign/given-names.ts";
import { isOwnBundle } from "../bundle/own-bundle.ts";
import type { TrustPolicy } from "../trust/policy.ts";

export interface BundleOptions extends ForeignChoices {
  /** File or directory. */
  readonly path: string;
  readonly trust: TrustPolicy;
  /** Leave out what the list of sums does not name instead of refusing it. @default false */
  readonly repair?: boolean | undefined;
}

/** What may have to be said of a bundle that others have made. */
interface ForeignChoices {
  /** What images are called that have no name of their own, or shall have another. */
  readonly names?: GivenNames | undefined;
  /** Of every image only these. @default all */
  readonly platforms?: readonly Platform[] | undefined;
}

/** A bundle whose carrier stays open until `close`. */
export interface BundleHandle {
  readonly bundle: OpenedBundle;
  /** Bytes of the carrier's file, 0 for a directory. */
  readonly size: number;
  readonly close: () => Promise<void>;
}

/** Opens a bundle in whatever form it came; `content` is what will be needed of it. */
export async function openBundleFile(
  request: BundleOptions & { content: ContentNeed },
  run: Run,
): Promise<BundleHandle> {
  const { path, trust, content } = request;
  const { onEvent } = run;
  const opened = await openArchive(path, run);
  let archive = opened;
  try {
    if (content === "readable") archive = await spooled(opened, run);
    const { size } = archive;
    onEvent({ type: "stage", stage: content === "hashed" ? "verify" : "open", bytes: size });
    const options = { ...run, policy: trust, content };
    if (!(await isOwnBundle(archive))) {
      archive = await spooled(archive, run);
      const { names = new Map(), platforms = [] } = request;
      const choices = { names, platforms, includeNonDistributable: false };
      const foreign = await openForeign(archive, { ...options, ...choices });
      if (foreign !== undefined)
        return { bundle: foreign.bundle, size, close: closing(foreign, archive) };
    }
    const detached = await findDetached(resolve(archive.path));
    const { repair } = request;
    const bundle = await openBundle(archive, { ...options, detached, repair });
    const charts = content === "head" ? [] : await checkChartNames(bundle);
    const findings = [...bundle.findings, ...charts];
    return { bundle: { ...bundle, findings }, size, close: () => archive.close() };
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** What was opened last is closed first. */
function closing(...opened: readonly { close(): Promise<void> }[]): () => Promise<void> {
  return async () => {
    for (const one of opened) await one.close();
  };
}

/** Opens a bundle, lets `use` work with it and closes it again. */
export async function withBundle<T>(
  request: BundleOptions & { content: ContentNeed },
  run: Run,
  use: (bundle: OpenedBundle, carrier: { size: number }) => Promise<T>,
): Promise<T> {
  const { bundle, size, close } = await openBundleFile(request, run);
  try {
    return await use(bundle, { size });
  } finally {
    await close();
  }
}

/** What must be whole before anything of a bundle is used. */
export type UsableBundle = OpenedBundle & {
  readonly manifest: NonNullable<OpenedBundle["manifest"]>;
  readonly graph: NonNullable<OpenedBundle["graph"]>;
  readonly bundleDigest: NonNullable<OpenedBundle["bundleDigest"]>;
};

/** A bundle was refused; the findings say why. */
export class BundleRefused extends DrayError {
  readonly findings: readonly Finding[];

  constructor(path: string, findings: readonly Finding[]) {
    const errors = findings.filter(({ severity }) => severity === "error");
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    super(
      "DRAY_BUNDLE_REFUSED",
      `Cannot use ${JSON.stringify(path)}: ${first?.message ?? "it is incomplete"}${more}`,
      { kind: "refused", hint: first?.hint },
    );
    this.findings = findings;
  }
}

/** @throws BundleRefused if anything is wrong with it */
export function requireUsable(path: string, bundle: OpenedBundle): UsableBundle {
  const { manifest, graph, bundleDigest, findings } = bundle;
  const refused = findings.some(({ severity }) => severity === "error");
  if (refused || manifest === undefined || graph === undefined || bundleDigest === undefined) {
    throw new BundleRefused(path, findings);
  }
  return { ...bundle, manifest, graph, bundleDigest };
}
