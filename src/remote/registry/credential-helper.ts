import { spawn } from "node:child_process";
import { DrayError, systemCode, systemReason } from "../../errors.ts";
import { parseSecretJson, z } from "../../oci/schema.ts";
import type { Credentials } from "./credentials.ts";

/** A helper's name becomes part of a program's name. */
const NAME = /^[A-Za-z0-9._-]+$/;

/** A helper may have to ask a cloud; it must not hang for ever. */
const HELPER_TIMEOUT = 60_000;
const MAX_OUTPUT = 1024 * 1024;

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

export interface HelperOptions {
  /** How long a helper may take, in milliseconds. @default one minute */
  readonly helperTimeout?: number | undefined;
}

/**
 * Asks `docker-credential-NAME get` about a server. Undefined if it has nothing for it.
 * https://github.com/docker/docker-credential-helpers/blob/v0.9.3/README.md#development
 *
 * @throws DrayError `DRAY_CREDENTIALS_HELPER`
 */
export async function askHelper(
  name: string,
  server: string,
  { helperTimeout = HELPER_TIMEOUT }: HelperOptions = {},
): Promise<Credentials | undefined> {
  const program = programOf(name);
  const { code, stdout, stderr } = await run({ program, verb: "get" }, server, helperTimeout);
  if (code !== 0) {
    const said = (stdout + stderr).trim();
    if (/credentials not found/i.test(said)) return undefined;
    // Errors come on standard output, where secrets come too.
    const isQuotable = said !== "" && !/secret/i.test(said);
    throw failed(program, isQuotable ? said.slice(0, 300) : `it ended with ${code}`);
  }
  const what = `the answer of ${program}`;
  const answer = parseSecretJson(answerSchema, Buffer.from(stdout), {
    what,
    code: "DRAY_CREDENTIALS_HELPER",
    kind: "failed",
  });
  const { Username, Secret } = answer;
  if (Username === "" && Secret === "") return undefined;
  if (Username === "<token>") return { kind: "identity", token: Secret };
  return { kind: "password", username: Username, password: Secret };
}

/** Has a helper keep a login. @throws DrayError `DRAY_CREDENTIALS_HELPER` */
export async function storeInHelper(
  name: string,
  { server, username, password }: { server: string; username: string; password: string },
): Promise<void> {
  const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
  const program = programOf(name);
  const { code } = await run({ program, verb: "store" }, input, HELPER_TIMEOUT);
  // What it says may hold what it was told.
  if (code !== 0) throw failed(program, `it ended with ${code} and stored nothing`);
}

/** Has a helper forget a login. False if it had none. @throws DrayError `DRAY_CREDENTIALS_HELPER` */
export async function eraseFromHelper(name: string, server: string): Promise<boolean> {
  if ((await askHelper(name, server)) === undefined) return false;
  const program = programOf(name);
  const { code } = await run({ program, verb: "erase" }, server, HELPER_TIMEOUT);
  if (code !== 0) throw failed(program, `it ended with ${code} and erased nothing`);
  return true;
}

function programOf(name: string): string {
  const program = `docker-credential-${name}`;
  if (!NAME.test(name)) throw failed(program, "this is not a program's name");
  return program;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  { program, verb }: { program: string; verb: "get" | "store" | "erase" },
  input: string,
  timeout: number,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { stdio: "pipe" });
    const giveUp = (reason: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      // What it has started itself may hold these open for ever.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      reject(failed(program, reason));
    };
    const timer = setTimeout(() => giveUp(`no answer in ${timeout / 1000} s`), timeout);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.length > MAX_OUTPUT) giveUp(`it says more than ${MAX_OUTPUT} bytes`);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (stderr.length < MAX_OUTPUT) stderr += chunk.toString();
    });
    child.once("error", (cause) => giveUp(notStarted(cause)));
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

function notStarted(cause: Error): string {
  return systemCode(cause) === "ENOENT"
    ? "it is not installed"
    : `it does not start: ${systemReason(cause)}`;
}

function failed(program: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_CREDENTIALS_HELPER",
    `Cannot ask credential helper ${JSON.stringify(program)}: ${reason}`,
    { hint: "Your docker or containers configuration names this program; install or remove it." },
  );
}
