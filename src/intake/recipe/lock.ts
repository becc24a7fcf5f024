import { skippedSchema } from "../../bundle/skipped-schema.ts";
import type { Skipped } from "../../bundle/skipped.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestSchema, mediaTypeSchema } from "../../oci/descriptor-schema.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseJson } from "../../oci/json.ts";
import { parseKnown, z } from "../../oci/schema.ts";

/** What the references of a recipe meant when they were resolved. */
export interface Lock {
  /** By reference in full: `docker.io/library/alpine:3.20`. */
  readonly entries: ReadonlyMap<string, Descriptor>;
  /** By chart as it was asked for: `https://charts.example#shop:^1.2`. */
  readonly charts: ReadonlyMap<string, ChartPin>;
  /** What was left out on purpose. */
  readonly skipped?: readonly Skipped[] | undefined;
}

/** The one version that was chosen of a chart, and the digest of its .tgz. */
export interface ChartPin {
  readonly version: string;
  readonly digest: Digest;
}

const lockSchema = z.strictObject({
  lockVersion: z.literal(1),
  skipped: skippedSchema.optional(),
  charts: z
    .array(z.strictObject({ chart: z.string(), version: z.string(), digest: digestSchema }))
    .optional(),
  resolved: z.array(
    z.strictObject({
      reference: z.string(),
      digest: digestSchema,
      mediaType: mediaTypeSchema,
      size: z.int().nonnegative(),
    }),
  ),
});

/** @throws DrayError `DRAY_LOCK_INVALID` */
export function parseLock(bytes: Buffer, path: string): Lock {
  try {
    return readLock(bytes, path);
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError("DRAY_LOCK_INVALID", cause.message, {
      kind: "usage",
      cause,
      hint: cause.hint ?? "Pack once without --locked, and without this file, to write it anew.",
    });
  }
}

function readLock(bytes: Buffer, path: string): Lock {
  const what = `lock ${JSON.stringify(path)}`;
  const document = parseJson(bytes, what, MAX_LOCK_BYTES);
  const {
    resolved,
    charts = [],
    skipped = [],
  } = parseKnown(lockSchema, document, {
    what,
    code: "DRAY_LOCK_INVALID",
  });
  const lock = {
    entries: new Map(resolved.map(({ reference, ...descriptor }) => [reference, descriptor])),
    charts: new Map(charts.map(({ chart, ...pin }) => [chart, pin])),
    skipped,
  };
  if (lock.entries.size === resolved.length && lock.charts.size === charts.length) return lock;
  throw new DrayError("DRAY_LOCK_INVALID", `Cannot read ${what}: a reference stands in it twice`, {
    kind: "usage",
  });
}

const MAX_LOCK_BYTES = 64 * 1024 * 1024;

/** The same entries always give the same bytes: made to be committed. */
export function formatLock(lock: Lock): string {
  const charts = sorted(lock.charts).map(([chart, { version, digest }]) => ({
    chart,
    version,
    digest,
  }));
  const resolved = sorted(lock.entries).map(([reference, { digest, mediaType, size }]) => ({
    reference,
    digest,
    mediaType,
    size,
  }));
  const { skipped = [] } = lock;
  const document = {
    lockVersion: 1,
    ...(charts.length === 0 ? {} : { charts }),
    resolved,
    ...(skipped.length === 0 ? {} : { skipped }),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function sorted<T>(entries: ReadonlyMap<string, T>): [string, T][] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** What the lock says a reference is. @throws DrayError `DRAY_LOCK_MISSING` */
export function lockedDescriptor(lock: Lock, reference: string): Descriptor {
  return lock.entries.get(reference) ?? notLocked(reference);
}

/** Which chart the lock says was meant. @throws DrayError `DRAY_LOCK_MISSING` */
export function lockedChart(lock: Lock, chart: string): ChartPin {
  return lock.charts.get(chart) ?? notLocked(chart);
}

function notLocked(what: string): never {
  throw new DrayError(
    "DRAY_LOCK_MISSING",
    `Cannot pack ${what} as locked: the lock does not have it`,
    { kind: "usage", hint: "Pack once without --locked to bring the lock up to date." },
  );
}
