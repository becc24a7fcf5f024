import type { FaultRule } from "../../fixtures/registry.ts";
import type { Fault } from "../../fixtures/faults.ts";
import { LASTING } from "./lasting-misdeeds.ts";
import { PASSING } from "./passing-misdeeds.ts";
import type { Random } from "./random.ts";

/** What is done with a registry while it misbehaves. */
export type Work = "pull" | "push" | "list";

/** Something that a registry does wrong, and to which requests. */
export interface Misdeed {
  readonly kind: string;
  /** With the requests and how often it happens. */
  readonly what: string;
  readonly rule: FaultRule;
  readonly fault: Fault;
}

/** A kind of it: where it can happen, and how often it does before it has passed. */
export interface MisdeedKind {
  readonly make: (random: Random) => Fault;
  /** @default any request of the work */
  readonly at?: Readonly<Partial<Record<Work, FaultRule>>>;
  /** In a row. @default 1 */
  readonly times?: number;
  /** What happens twice is taken for what stays. */
  readonly passesOnce?: boolean;
}

/** Requests that come in each work; those that are named in `at` of a kind are among them. */
const REQUESTS: Readonly<Record<Work, readonly FaultRule[]>> = {
  pull: [
    { path: /^\/v2\/$/ },
    { method: "HEAD", path: /manifests/ },
    { method: "GET", path: /manifests/ },
    { method: "GET", path: /blobs/ },
  ],
  push: [
    { path: /^\/v2\/$/ },
    { method: "HEAD", path: /blobs|manifests/ },
    { method: "POST", path: /uploads/ },
    { method: "PUT", path: /uploads/ },
    { method: "PUT", path: /manifests/ },
  ],
  list: [{ path: /^\/v2\/$/ }, { path: /tags/ }],
};

/** A request is tried no more often than this within two minutes. */
const MAX_TRIES = 8;

/** Misdeeds that pass, in all no more than a request may be tried. */
export function passing(random: Random, work: Work): Misdeed[] {
  const misdeeds: Misdeed[] = [];
  let left = MAX_TRIES - 1;
  for (let more = 1 + random.below(4); more > 0 && left > 0; more--) {
    const [name, kind] = random.of(kindsFor(work, PASSING));
    if (kind.passesOnce === true && misdeeds.some((one) => one.kind === name)) continue;
    const rule = kind.at?.[work] ?? random.of(REQUESTS[work]);
    const times = Math.min(1 + random.below(kind.times ?? 1), left);
    left -= times;
    misdeeds.push(misdeed(name, { ...rule, times }, kind.make(random)));
  }
  return misdeeds;
}

/** One misdeed that does not pass, of requests that the work cannot do without. */
export function lasting(random: Random, work: Work): Misdeed {
  const [name, kind] = random.of(kindsFor(work, LASTING));
  const needed: Readonly<Record<Work, FaultRule>> = {
    pull: { method: "GET", path: /manifests|blobs/ },
    push: { method: "PUT", path: /uploads|manifests/ },
    list: { path: /tags/ },
  };
  return misdeed(name, kind.at?.[work] ?? needed[work], kind.make(random));
}

function kindsFor(
  work: Work,
  kinds: Readonly<Record<string, MisdeedKind>>,
): readonly (readonly [string, MisdeedKind])[] {
  return Object.entries(kinds).filter(([, { at }]) => at === undefined || at[work] !== undefined);
}

function misdeed(name: string, rule: FaultRule, fault: Fault): Misdeed {
  const { method = "any", path, times } = rule;
  const often = times === undefined || times === 1 ? "" : `, ${times} times`;
  return { kind: name, what: `${name} at ${method} ${String(path)}${often}`, rule, fault };
}
