import type { RegistryAccess } from "../remote/registry/access.ts";
import type { RegistryClient } from "../remote/registry/client.ts";
import type { TransportResponse } from "../remote/http/transport.ts";
import { failedCheck, type HostTable, type PreflightCheck } from "./host-table.ts";
import { refusalOf } from "./refusal.ts";

interface Surroundings {
  readonly access: RegistryAccess;
  readonly table: HostTable;
  readonly signal: AbortSignal;
}

/** Says as whom a registry is spoken to, and whether it knows that account. */
export async function checkLogin(
  client: RegistryClient,
  { access, table, signal }: Surroundings,
): Promise<void> {
  let check: PreflightCheck = asAnybody("ok");
  const error = await refusalOf(async () => {
    const found = await access.credentials?.(client.registry);
    if (found === undefined) {
      if (await isClosed(client, signal)) check = asAnybody("failed");
      return;
    }
    const name = found.kind === "password" ? found.username : "a token";
    check = { check: "login", verdict: "ok", detail: `as ${name}` };
    const response = await ask(client, { accept: [200], signal });
    await response.discard();
  }, signal);
  table.note(client.origin, error === undefined ? check : failedCheck("login", error));
}

function asAnybody(verdict: "ok" | "failed"): PreflightCheck {
  if (verdict === "ok") {
    return { check: "login", verdict, detail: "no login is known: asked as anybody" };
  }
  const detail = "no login is known, and it takes nobody without a password";
  return { check: "login", verdict, detail, hint: "Log in with dray login, or docker login." };
}

/** Without tokens there is nothing that anybody might do there. */
async function isClosed(client: RegistryClient, signal: AbortSignal): Promise<boolean> {
  const response = await ask(client, { accept: [200, 401, 403], signal });
  await response.discard();
  const challenge = response.header("www-authenticate") ?? "";
  return response.status === 401 && /^\s*basic\b/i.test(challenge);
}

function ask(
  client: RegistryClient,
  { accept, signal }: { accept: readonly number[]; signal: AbortSignal },
): Promise<TransportResponse> {
  return client.request({ method: "GET", path: "", action: "log in", scopes: [], accept, signal });
}
