import type { DrayError } from "../../errors.ts";
import { portOf } from "../http/address.ts";
import type { Contacts } from "../http/contacts.ts";

/** What a host is for. */
export type HostRole =
  | "source registry"
  | "target registry"
  | "chart repository"
  | "token service"
  | "storage"
  | "AWS API";

/** One thing that was looked at, and what was found. */
export interface PreflightCheck {
  readonly check:
    | "dns"
    | "proxy"
    | "tcp"
    | "tls"
    | "clock"
    | "login"
    | "pull"
    | "bundle"
    | "chart"
    | "push"
    | "repository"
    | "write"
    | "space";
  /** `failed`: something would fail; `note`: not as it should be; `unknown`: only doing it would tell. */
  readonly verdict: "ok" | "note" | "unknown" | "failed";
  /** The image, chart or repository that it is about. */
  readonly about?: string | undefined;
  readonly detail: string;
  readonly hint?: string | undefined;
}

export interface HostReport {
  /** `HOST:PORT` */
  readonly host: string;
  readonly roles: readonly HostRole[];
  /** Only for images that are not packed as things are. */
  readonly optional: boolean;
  /** The way there first. */
  readonly checks: readonly PreflightCheck[];
}

interface Entry {
  readonly url: URL;
  readonly roles: Set<HostRole>;
  readonly checks: PreflightCheck[];
  isOptional: boolean;
}

/** Every host that is spoken to, in the order in which they were met, and what was found of each. */
export class HostTable {
  readonly #entries = new Map<string, Entry>();

  /** Whoever is needed for one thing is needed, whatever else it is for. */
  add(url: URL, role: HostRole, { isOptional = false }: { isOptional?: boolean } = {}): void {
    const key = hostAndPort(url);
    const entry = this.#entries.get(key) ?? { url, roles: new Set(), checks: [], isOptional };
    this.#entries.set(key, entry);
    entry.roles.add(role);
    entry.isOptional &&= isOptional;
  }

  has(url: URL): boolean {
    return this.#entries.has(hostAndPort(url));
  }

  /** Notes what was found of a host that was added before, once. */
  note(url: URL, check: PreflightCheck): void {
    const checks = this.#entries.get(hostAndPort(url))?.checks ?? [];
    const text = JSON.stringify(check);
    if (!checks.some((one) => JSON.stringify(one) === text)) checks.push(check);
  }

  /** An address of each. */
  urls(): URL[] {
    return [...this.#entries.values()].map(({ url }) => url);
  }

  report(): HostReport[] {
    return [...this.#entries].map(([host, { roles, checks, isOptional }]) => ({
      host,
      roles: [...roles],
      optional: isOptional,
      checks: checks.toSorted((a, b) => rank(a) - rank(b)),
    }));
  }
}

const WAY: readonly PreflightCheck["check"][] = ["dns", "proxy", "tcp", "tls", "clock", "login"];

function rank({ check }: PreflightCheck): number {
  const at = WAY.indexOf(check);
  return at === -1 ? WAY.length : at;
}

function hostAndPort(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

/** What an error says, as a check that failed. That nobody has logged in is no matter of one name. */
export function failedCheck(
  check: PreflightCheck["check"],
  { code, message, hint }: DrayError,
  about?: string,
): PreflightCheck {
  const isOfHost = code === "DRAY_LOGIN_MISSING";
  return {
    check: isOfHost ? "login" : check,
    verdict: "failed",
    ...(about === undefined || isOfHost ? {} : { about }),
    detail: message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Adds every host that was spoken to on the way, for what it seems to be: by name, whoever was first. */
export function addContacts(table: HostTable, contacts: Contacts): void {
  const met = contacts.all().flatMap((urls) => urls.slice(0, 1).map((first) => ({ first, urls })));
  const byName = met.toSorted((a, b) => (a.first.origin < b.first.origin ? -1 : 1));
  for (const { first, urls } of byName) {
    if (!table.has(first)) table.add(first, roleOf(urls));
  }
}

function roleOf(urls: readonly URL[]): HostRole {
  const some = (test: (url: URL) => boolean): boolean => urls.some(test);
  if (some(({ hostname }) => /^(?:api\.)?ecr(?:-fips)?\./.test(hostname))) return "AWS API";
  if (some(({ pathname }) => pathname.startsWith("/v2/"))) return "source registry";
  if (some(({ searchParams }) => searchParams.has("service") || searchParams.has("scope"))) {
    return "token service";
  }
  return some(({ pathname }) => pathname.endsWith("/index.yaml")) ? "chart repository" : "storage";
}
