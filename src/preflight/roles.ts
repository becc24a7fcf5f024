import type { Contacts } from "../remote/http/contacts.ts";
import type { HostRole, HostTable } from "./host-table.ts";

/** Adds every host that was spoken to on the way, for what it seems to be. */
export function addContacts(table: HostTable, contacts: Contacts): void {
  for (const urls of contacts.all()) {
    const [first] = urls;
    if (first !== undefined && !table.has(first)) table.add(first, roleOf(urls));
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
