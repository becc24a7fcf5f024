import { z } from "zod";
import { DrayError } from "../errors.ts";
import { digestSchema, mediaTypeSchema, parseAs, type Descriptor } from "../oci/descriptor.ts";
import { parseJson } from "../oci/json.ts";

/** What the references of a recipe meant when they were resolved. */
export interface Lock {
  /** By reference as it was asked for: `docker.io/library/alpine:3.20`, `oci://…:1.0.0`. */
  readonly entries: ReadonlyMap<string, Descriptor>;
}

const lockSchema = z.object({
  lockVersion: z.literal(1),
  resolved: z.array(
    z.object({
      reference: z.string(),
      digest: digestSchema,
      mediaType: mediaTypeSchema,
      size: z.int().nonnegative(),
    }),
  ),
});

/** @throws DrayError `DRAY_LOCK_INVALID`, `DRAY_JSON_INVALID` */
export function parseLock(bytes: Buffer, path: string): Lock {
  const what = `lock ${JSON.stringify(path)}`;
  const { resolved } = parseAs(lockSchema, parseJson(bytes, what, MAX_LOCK_BYTES), {
    what,
    code: "DRAY_LOCK_INVALID",
  });
  const entries = new Map(resolved.map(({ reference, ...descriptor }) => [reference, descriptor]));
  if (entries.size === resolved.length) return { entries };
  throw new DrayError("DRAY_LOCK_INVALID", `Cannot read ${what}: a reference stands in it twice`, {
    kind: "usage",
    hint: "Pack once without --locked to write it anew.",
  });
}

const MAX_LOCK_BYTES = 64 * 1024 * 1024;

/** The same entries always give the same bytes: made to be committed. */
export function formatLock({ entries }: Lock): string {
  const resolved = [...entries]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([reference, { digest, mediaType, size }]) => ({ reference, digest, mediaType, size }));
  return `${JSON.stringify({ lockVersion: 1, resolved }, undefined, 2)}\n`;
}

/** What the lock says a reference is. @throws DrayError `DRAY_LOCK_MISSING` */
export function lockedDescriptor(lock: Lock, reference: string): Descriptor {
  const found = lock.entries.get(reference);
  if (found !== undefined) return found;
  throw new DrayError(
    "DRAY_LOCK_MISSING",
    `Cannot pack ${reference} as locked: the lock does not have it`,
    { kind: "usage", hint: "Pack once without --locked to bring the lock up to date." },
  );
}
