import { text as readText } from "node:stream/consumers";
import type { Command } from "commander";
import type { PullLogin, PullSecretWish } from "../index.ts";
import { readInput, repeatable, seldom } from "./flags.ts";
import type { Session } from "./session.ts";

/** Flags that say which secret workloads pull with. */
export interface PullSecretFlags {
  readonly pullLogin?: string;
  readonly pullSecret?: string;
  readonly namespaces?: readonly string[];
  /** Of the release. */
  readonly namespace?: string;
}

export function addPullSecretFlags(command: Command): void {
  command
    .optionsGroup("Pulling with a secret:")
    .option("--pull-secret <name>", "give every workload this secret to pull with")
    .option("--pull-login <file>", "write it too: USER:PASSWORD, from a file, or - for stdin")
    .addOption(
      seldom(repeatable("--namespaces <name>", "write it for this namespace; else --namespace")),
    );
}

/** @throws DrayError `DRAY_USAGE` */
export async function pullSecretOf(
  { pullSecret: name, pullLogin, namespaces, namespace = "default" }: PullSecretFlags,
  session: Session,
): Promise<PullSecretWish | undefined> {
  const wanted = namespaces ?? [namespace];
  if (name !== undefined) await requireNames([name, ...wanted]);
  if (pullLogin === undefined) return name === undefined ? undefined : { name, namespaces: wanted };
  if (name === undefined) throw await refused("expected --pull-secret NAME beside it, found none");
  return { name, namespaces: wanted, login: await readLogin(pullLogin, session) };
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

async function requireNames(names: readonly string[]): Promise<void> {
  const wrong = names.find((name) => !OBJECT_NAME.test(name));
  if (wrong === undefined) return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError(
    "DRAY_USAGE",
    `Cannot use the name ${JSON.stringify(wrong)} for a secret or its namespace: Kubernetes has no such names`,
    { kind: "usage", hint: "Use small letters, digits, dots and hyphens, at most 253 of them." },
  );
}

async function readLogin(file: string, { io }: Session): Promise<PullLogin> {
  const text =
    file === "-" ? await readText(io.stdin) : (await readInput(file, "login")).toString("utf8");
  const [, username = "", password = ""] = /^([^:\n]+):([^\n]+)\n?$/.exec(text) ?? [];
  if (username !== "") return { username, password };
  throw await refused("expected USER:PASSWORD on one line, found something else");
}

async function refused(reason: string): Promise<Error> {
  const { DrayError } = await import("../index.ts");
  return new DrayError("DRAY_USAGE", `Cannot use the login of --pull-login: ${reason}`, {
    kind: "usage",
  });
}
