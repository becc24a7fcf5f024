import type { RegistryAccess } from "../registry/access.ts";
import type { RegistryClient } from "../registry/client.ts";
import { greet } from "../registry/greet.ts";
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
  let check: PreflightCheck = AS_ANYBODY;
  const error = await refusalOf(async () => {
    const found = await access.credentials?.(client.registry);
    // Without tokens there is nothing that anybody might do there; with them, it depends on what is asked.
    const accept = found === undefined ? [200, 401, 403] : [200];
    if (found !== undefined) {
      const name = found.kind === "password" ? found.username : "a token";
      check = { check: "login", verdict: "ok", detail: `as ${name}` };
    }
    await greet(client, { accept, signal });
  }, signal);
  table.note(client.origin, error === undefined ? check : failedCheck("login", error));
}

const AS_ANYBODY: PreflightCheck = {
  check: "login",
  verdict: "ok",
  detail: "no login is known: asked as anybody",
};
