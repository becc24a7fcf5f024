import { skippedSchema } from "../../bundle/skipped-schema.ts";
import type { Skipped } from "../../bundle/skipped.ts";
import { DrayError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { digestSchema, mediaTypeSchema } from "../../oci/descriptor-schema.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseJson } from "../../oci/json.ts";
import { parseKnown, z } from "../../oci/schema.ts";
import type { LockedSearch } from "./locked-search.ts";
import { referrersLeft, type LockedReferrer } from "./locked-referrer.ts";
import { fromReferrer, referrerSchema, toReferrer } from "./referrer-schema.ts";
import { fromSearch, searchSchema, toSearch } from "./search-schema.ts";

/** What the references of a recipe meant when they were resolved. */
export interface Lock {
  /** By reference in full: `docker.io/library/alpine:3.20`. */
  readonly entries: ReadonlyMap<string, LockedReference>;
  /** By chart as it was asked for: `https://charts.example#shop:^1.2`. */
  readonly charts: ReadonlyMap<string, ChartPin>;
  /** What was left out on purpose. */
  readonly skipped?: readonly Skipped[] | undefined;
  /** Signatures and the like, in the order of their references. */
  readonly referrers?: readonly LockedReferrer[] | undefined;
  /** By the file that a bundle has the chart in: `charts/shop-1.4.0.tgz`. */
  readonly searches: ReadonlyMap<string, LockedSearch>;
}

/** What a registry had under a reference. */
export interface LockedReference extends Descriptor {
  /** What was packed, where platforms were left out of it. */
  readonly packed?: Digest | undefined;
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
  searched: z.array(searchSchema).optional(),
  referrers: z.array(referrerSchema).optional(),
  resolved: z.array(
    z.strictObject({
      reference: z.string(),
      digest: digestSchema,
      mediaType: mediaTypeSchema,
      size: z.int().nonnegative(),
      packed: digestSchema.optional(),
    }),
  ),
});

/** The JSON Schema of a lock, bundle.lock.json. */
export function lockJsonSchema(): object {
  const options = { target: "draft-2020-12", io: "input" } as const;
  return { title: "dray bundle.lock.json", ...z.toJSONSchema(lockSchema, options) };
}

/** @throws DrayError `DRAY_LOCK_INVALID` */
export function parseLock(bytes: Uint8Array, path: string): Lock {
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

function readLock(bytes: Uint8Array, path: string): Lock {
  const what = `lock ${JSON.stringify(path)}`;
  const document = parseJson(bytes, what, MAX_LOCK_BYTES);
  const {
    resolved,
    charts = [],
    skipped = [],
    searched = [],
    referrers = [],
  } = parseKnown(lockSchema, document, {
    what,
    code: "DRAY_LOCK_INVALID",
  });
  const lock = {
    entries: new Map(resolved.map(({ reference, ...descriptor }) => [reference, descriptor])),
    charts: new Map(charts.map(({ chart, ...pin }) => [chart, pin])),
    skipped,
    referrers: referrers.map(toReferrer),
    searches: new Map(searched.map((one) => [one.chart, toSearch(one)])),
  };
  const listed = [resolved, charts, searched].flat().length;
  if (lock.entries.size + lock.charts.size + lock.searches.size === listed) return lock;
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
  const searched = sorted(lock.searches).map(([chart, search]) => fromSearch(chart, search));
  const resolved = sorted(lock.entries).map(([reference, { digest, mediaType, size, packed }]) => ({
    reference,
    digest,
    mediaType,
    size,
    ...(packed === undefined ? {} : { packed }),
  }));
  const { skipped = [], referrers = [] } = lock;
  const document = {
    lockVersion: 1,
    ...(charts.length === 0 ? {} : { charts }),
    ...(searched.length === 0 ? {} : { searched }),
    resolved,
    ...(referrers.length === 0 ? {} : { referrers: referrers.map(fromReferrer) }),
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

/**
 * What is packed as locked is all that the lock has: `now` is what it would be after packing.
 * @throws DrayError `DRAY_LOCK_OUTDATED`
 */
export function requireWhole(lock: Lock, now: Lock): void {
  const left = [
    ...[...lock.searches.keys()].filter((path) => !now.searches.has(path)),
    ...[...lock.charts.keys()].filter((chart) => !now.charts.has(chart)),
    ...[...lock.entries.keys()].filter((name) => !now.entries.has(name)),
    ...referrersLeft(lock.referrers, now.referrers),
  ];
  const [first] = left;
  if (first === undefined) return;
  const more = left.length === 1 ? "" : ` and ${left.length - 1} more`;
  throw outdated(`the lock has ${first}${more}, and nothing here asks for that`);
}

export function outdated(reason: string): DrayError {
  return new DrayError("DRAY_LOCK_OUTDATED", `Cannot pack as locked: ${reason}`, {
    kind: "usage",
    hint: "Pack once without --locked to bring the lock up to date, and look at what changed in it.",
  });
}

/** What the lock says was found in a chart. @throws DrayError `DRAY_LOCK_MISSING` */
export function lockedSearch(lock: Lock, chart: string): LockedSearch {
  return lock.searches.get(chart) ?? notLocked(`the images of ${chart}`);
}

function notLocked(what: string): never {
  throw new DrayError(
    "DRAY_LOCK_MISSING",
    `Cannot pack ${what} as locked: the lock does not have it`,
    { kind: "usage", hint: "Pack once without --locked to bring the lock up to date." },
  );
}
