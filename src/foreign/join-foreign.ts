import type { Finding } from "../finding.ts";
import { BlobPool } from "./blob-pool.ts";
import type { ForeignChart, ForeignIdentity, ForeignRoot } from "./foreign-content.ts";

/** All that readers have made of what arrived. */
export interface Foreign {
  /** `OCI image layout, 12 docker save (classic) in gzip, tar` */
  readonly form: string;
  readonly blobs: BlobPool;
  readonly roots: readonly ForeignRoot[];
  readonly charts: readonly ForeignChart[];
  readonly identity: ForeignIdentity | undefined;
  readonly stripped: readonly string[];
  readonly findings: readonly Finding[];
}

/** Several things as if they had arrived as one. */
export function joinForeign(all: readonly Foreign[]): Foreign {
  const blobs = new BlobPool(all.map(({ blobs: { name } }) => name).join(", "));
  for (const one of all) blobs.addAll(one.blobs);
  const [only] = all;
  return {
    form: all.map(({ form }) => form).join(", "),
    blobs,
    roots: all.flatMap(({ roots }) => roots),
    charts: all.flatMap(({ charts }) => charts),
    identity: all.length === 1 ? only?.identity : undefined,
    stripped: all.flatMap(({ stripped }) => stripped),
    findings: all.flatMap(({ findings }) => findings),
  };
}
