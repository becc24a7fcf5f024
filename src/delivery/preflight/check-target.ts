import { RegistryError } from "../../errors.ts";
import { presenceOf, requireWritable, type Presence } from "../../remote/registry/presence.ts";
import type { RegistryPool } from "../../remote/registry/pool.ts";
import type { Repository } from "../../remote/registry/repository.ts";
import { cancelSession, openSession } from "../../remote/registry/upload-session.ts";
import {
  failedCheck,
  type HostTable,
  type PreflightCheck,
} from "../../remote/preflight/host-table.ts";
import { refusalOf } from "../../remote/preflight/refusal.ts";
import { letsPush } from "./grants.ts";

export interface TargetQuestion {
  readonly registry: string;
  /** Where something would be pushed to, each once. */
  readonly repositories: readonly string[];
  /** Begin an upload in each that is there, and cancel it. */
  readonly tryWrite: boolean;
  readonly signal: AbortSignal;
}

/** Asks a registry what a push would meet there. Nothing is begun but with `tryWrite`, and nothing stays. */
export async function checkTarget(
  { registry, repositories, tryWrite, signal }: TargetQuestion,
  pool: RegistryPool,
  table: HostTable,
): Promise<void> {
  const client = pool.client(registry);
  const error = await refusalOf(() => client.ping(signal), signal);
  table.add(client.origin, "target registry");
  if (error !== undefined) {
    table.note(client.origin, failedCheck("push", error));
    return;
  }
  for (const name of repositories) {
    const repository = pool.repository({ registry, repository: name }, "pull,push");
    for (const check of await checkRepository(repository, { tryWrite, signal })) {
      // What is wrong with the login is no matter of one repository.
      const about = check.check === "login" ? {} : { about: `${registry}/${name}` };
      table.note(client.origin, { ...check, ...about });
    }
  }
}

async function checkRepository(
  repository: Repository,
  { tryWrite, signal }: { tryWrite: boolean; signal: AbortSignal },
): Promise<PreflightCheck[]> {
  const found: Presence[] = [];
  const refused = await refusalOf(async () => {
    found.push(await presenceOf(repository, signal));
  }, signal);
  if (refused !== undefined) {
    const isMissing = refused instanceof RegistryError && refused.status === 404;
    return [failedCheck(isMissing ? "repository" : "push", refused)];
  }
  const closed = await refusalOf(() => requireWritable(repository, signal), signal);
  if (closed !== undefined) return [failedCheck("push", closed)];
  const [presence = "unknown"] = found;
  const isThere = presence === "there";
  return [
    presenceCheck(presence, repository.client.missing.areMade),
    isThere && tryWrite ? await write(repository, signal) : await rightTo(repository, signal),
  ];
}

function presenceCheck(presence: Presence, areMade: boolean): PreflightCheck {
  if (presence === "there") return { check: "repository", verdict: "ok", detail: "is there" };
  if (presence === "new") {
    const detail = `is not there: ${areMade ? "dray" : "the registry"} makes it`;
    return { check: "repository", verdict: "ok", detail };
  }
  return {
    check: "repository",
    verdict: "unknown",
    detail: "is not there: whether the registry makes it shows when something is pushed",
  };
}

/** What the token service grants; whoever has no tokens says so only when something is pushed. */
async function rightTo(
  { client, repository }: Repository,
  signal: AbortSignal,
): Promise<PreflightCheck> {
  const header = await client.authorization(scopesOf(repository), signal);
  const [, token] = /^Bearer (.*)$/.exec(header ?? "") ?? [];
  const granted = token === undefined ? undefined : letsPush(token, repository);
  if (granted === true) {
    return { check: "push", verdict: "ok", detail: "the token service grants it" };
  }
  if (granted === undefined) {
    const detail = "whether it may be pushed to is not said beforehand";
    return { check: "push", verdict: "unknown", detail, hint: "--try-write finds out." };
  }
  return {
    check: "push",
    verdict: "failed",
    detail: "the token service grants no right to push",
    hint: "Ask for the right to push there, or log in as somebody who has it.",
  };
}

/** Begins an upload and cancels it; what a registry keeps of one that got nothing, it drops by itself. */
async function write(
  { client, repository }: Repository,
  signal: AbortSignal,
): Promise<PreflightCheck> {
  const target = { client, repository, scopes: scopesOf(repository) };
  const error = await refusalOf(async () => {
    const begin = `begin an upload to ${repository}`;
    const session = await openSession(target, { action: begin, signal, retry: false });
    await cancelSession(target, session, { action: `cancel an upload to ${repository}`, signal });
  }, signal);
  if (error !== undefined) return failedCheck("write", error);
  return { check: "write", verdict: "ok", detail: "an upload was begun and canceled" };
}

function scopesOf(repository: string): string[] {
  return [`repository:${repository}:pull,push`];
}
