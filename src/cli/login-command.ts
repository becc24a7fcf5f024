import { text } from "node:stream/consumers";
import type { LoginResult, LogoutResult } from "../index.ts";
import { addExamples } from "./flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { askSecret, canAsk } from "./signing-key.ts";

type LoginFlags = SessionFlags & RegistryFlags & DryRunFlag;

interface DryRunFlag {
  readonly dryRun?: boolean;
}

export const addLoginCommand: AddCommand = (program, start) => {
  const command = program
    .command("login")
    .summary("keep a login for a registry, once it has been checked")
    .description(
      "Asks the registry whether it takes the login, and keeps it in docker's config.json, or in " +
        "the helper that this file names: dray, docker and others find it there. The password " +
        "is typed in, or comes on standard input.",
    )
    .argument("<host>", "HOST[:PORT]");
  command.option(
    "--dry-run",
    "ask the registry, say where the login would be kept, keep it nowhere",
  );
  addRegistryFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray login registry.internal:5000 --username ada",
    'printf %s "$PASSWORD" | dray login ghcr.io --username ada --password-stdin',
  ]);
  command.action(async (host: string, flags: LoginFlags) => {
    const session = await start(flags);
    const { login } = await import("../index.ts");
    const { username, password } = await givenLogin(host, flags, session);
    const access = await registryAccess(withoutLogin(flags), session);
    const file = session.defaults.loginFile;
    const { dryRun } = flags;
    const request = { registry: host, username, password, file, access, dryRun };
    const result = await login(request, session.run);
    session.print(result, () => renderLogin(result));
  });
};

export const addLogoutCommand: AddCommand = (program, start) => {
  const command = program
    .command("logout")
    .summary("forget the login for a registry")
    .description("Removes a login from docker's config.json and from the helper that it names.")
    .argument("<host>", "HOST[:PORT]");
  command.option("--dry-run", "say from where the login would be removed, remove it from nowhere");
  addOutputFlags(command);
  addExamples(command, ["dray logout registry.internal:5000"]);
  command.action(async (host: string, flags: SessionFlags & DryRunFlag) => {
    const session = await start(flags);
    const { logout } = await import("../index.ts");
    const { dryRun } = flags;
    const file = session.defaults.loginFile;
    const result = await logout({ registry: host, file, dryRun });
    session.print(result, () => renderLogout(result));
  });
};

/** What says how the registry is reached, without who asks. */
function withoutLogin(flags: LoginFlags): RegistryFlags {
  const { username: _name, passwordStdin: _password, ...others } = flags;
  return others;
}

async function givenLogin(
  host: string,
  { username, passwordStdin }: LoginFlags,
  { io }: Session,
): Promise<{ username: string; password: string }> {
  const { DrayError } = await import("../index.ts");
  const fail = (found: string): Error =>
    new DrayError("DRAY_USAGE", `Cannot log in to ${JSON.stringify(host)}: ${found}`, {
      kind: "usage",
      hint: 'printf %s "$PASSWORD" | dray login HOST --username NAME --password-stdin',
    });
  if (username === undefined || username === "") throw fail("expected --username, found none");
  if (passwordStdin !== true && !canAsk(io)) throw fail("there is nobody to type the password");
  const password =
    passwordStdin === true
      ? (await text(io.stdin)).replace(/\r?\n$/, "")
      : await askSecret(`Password of ${username} at ${host}: `, io);
  if (password === "") throw fail("the password is empty");
  return { username, password };
}

function renderLogin({ registry, username, checked, file, helper, dryRun }: LoginResult): string {
  const where = helper === undefined ? `in ${file ?? ""}, not encrypted` : `by ${helper}`;
  const proof = checked
    ? `${registry} takes the login of ${username}.`
    : `${registry} asks nobody to log in: whether this login is right is not known.`;
  return `${proof}\nIt ${dryRun ? "would be" : "is"} kept ${where}.\n`;
}

function renderLogout({ registry, removedFrom, dryRun }: LogoutResult): string {
  return removedFrom.length === 0
    ? `There was no login for ${registry}.\n`
    : `The login for ${registry} ${dryRun ? "would go" : "is gone"} from ${removedFrom.join(" and ")}.\n`;
}
