import type { RegistryAccess } from "../remote/registry/access.ts";
import type { RegistryClient } from "../remote/registry/client.ts";
import { failedCheck, type HostTable } from "./host-table.ts";
import { refusalOf } from "./refusal.ts";

/** Says as whom a registry is spoken to, and whether it knows that account. */
export async function checkLogin(
  client: RegistryClient,
  { access, table, signal }: { access: RegistryAccess; table: HostTable; signal: AbortSignal },
): Promise<void> {
  let name = "";
  const error = await refusalOf(async () => {
    const found = await access.credentials?.(client.registry);
    name = found === undefined ? "" : found.kind === "password" ? found.username : "a token";
    if (found === undefined) return;
    const response = await client.request({
      method: "GET",
      path: "",
      action: "log in",
      scopes: [],
      accept: [200],
      signal,
    });
    await response.discard();
  }, signal);
  const detail = name === "" ? "no login is known: asked as anybody" : `as ${name}`;
  const check = { check: "login", verdict: "ok", detail } as const;
  table.note(client.origin, error === undefined ? check : failedCheck("login", error));
}
