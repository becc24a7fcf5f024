import { requireNoPageIn } from "../http/page.ts";
import type { RegistryClient } from "./client.ts";

/**
 * Says hello with the login that there is.
 * @throws RegistryError for an answer that is not in `accept`, and for a page for people
 */
export async function greet(
  client: RegistryClient,
  { accept, signal }: { readonly accept: readonly number[]; readonly signal: AbortSignal },
): Promise<void> {
  const action = "log in";
  const request = { method: "GET", path: "", action, scopes: [], accept, signal } as const;
  const response = await client.request(request);
  // What refuses may be a page: the web servers that ask for a login write theirs.
  if (response.status !== 200) return response.discard();
  await requireNoPageIn(response, { action, registry: client.name });
}
