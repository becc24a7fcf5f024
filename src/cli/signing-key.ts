import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Command } from "commander";
import type { PrivateKey, SigningKey } from "../index.ts";
import { readInput } from "./flags.ts";
import type { Session } from "./session.ts";
import { PromptInterrupted, type Io } from "./terminal.ts";

export interface PassphraseFlags {
  readonly passphraseFile?: string;
}

/** What a bundle is signed with. */
export interface SigningFlags extends PassphraseFlags {
  readonly signKey?: string;
  readonly signCommand?: string;
  readonly signPublicKey?: string;
}

export function addSigningFlags(command: Command): Command {
  return command
    .option("--sign-key <file>", "private key to sign with")
    .option("--passphrase-file <file>", "passphrase of the private key; or DRAY_KEY_PASSPHRASE")
    .option("--sign-command <line>", "program that signs: bytes on its stdin, a signature printed")
    .option("--sign-public-key <file>", "public key that signatures of --sign-command have to fit");
}

/** @throws DrayError `DRAY_USAGE` for flags that do not go together */
export async function requireSigner(flags: SigningFlags): Promise<void> {
  const problem = problemOf(flags);
  if (problem === undefined) return;
  const { DrayError } = await import("../index.ts");
  throw new DrayError("DRAY_USAGE", problem, {
    kind: "usage",
    hint: "A program signs with a key that it has: --sign-command LINE --sign-public-key release.pub.",
  });
}

function problemOf({ signKey, signCommand, signPublicKey }: SigningFlags): string | undefined {
  if (signCommand?.trim() === "") {
    return "Cannot use --sign-command: expected a program, found an empty line";
  }
  if (signKey !== undefined && signCommand !== undefined) {
    return "Expected one of --sign-key and --sign-command, found both";
  }
  if ((signCommand === undefined) === (signPublicKey === undefined)) return undefined;
  return signCommand === undefined
    ? "Cannot use --sign-public-key without --sign-command"
    : "Cannot use --sign-command without --sign-public-key";
}

/** The key or program that was named; undefined for none. */
export async function readSigner(
  flags: SigningFlags,
  session: Session,
): Promise<SigningKey | undefined> {
  const { signKey, signCommand: command, signPublicKey } = flags;
  if (signKey !== undefined) return readSigningKey(signKey, flags, session);
  if (command === undefined || signPublicKey === undefined) return undefined;
  const { readPublicKey } = await import("../index.ts");
  return { command, publicKey: await readPublicKey(signPublicKey) };
}

/**
 * Looks at the key that was named, for a run that will sign nothing. A passphrase that is to be typed
 * is not asked for.
 */
export async function checkSigner(flags: SigningFlags, session: Session): Promise<undefined> {
  const { signKey } = flags;
  const { isEncrypted, readKeyFile } = await import("../index.ts");
  const isTyped =
    signKey !== undefined &&
    isEncrypted(await readKeyFile(signKey)) &&
    (await givenPassphrase(flags, session.io)) === undefined &&
    canAsk(session.io);
  if (!isTyped) await readSigner(flags, session);
}

/** Reads a private key, asking for its passphrase where it has one and none was given. */
async function readSigningKey(
  path: string,
  flags: PassphraseFlags,
  { io, run }: Session,
): Promise<PrivateKey> {
  const { isEncrypted, isReadableByAll, parsePrivateKey, readKeyFile } =
    await import("../index.ts");
  const pem = await readKeyFile(path);
  let passphrase = isEncrypted(pem) ? await givenPassphrase(flags, io) : undefined;
  if (isEncrypted(pem) && passphrase === undefined && canAsk(io)) {
    passphrase = await askSecret(`Passphrase of ${path}: `, io);
  }
  const key = parsePrivateKey(pem, { from: path, passphrase });
  if (await isReadableByAll(path)) {
    const message = `everybody on this host can read ${JSON.stringify(path)}: chmod 600 it`;
    run.onEvent?.({ type: "warning", message });
  }
  return key;
}

/**
 * A passphrase from a file, from `DRAY_KEY_PASSPHRASE`, or typed in without an echo; undefined if
 * there is none and nobody to ask.
 */
export async function givenPassphrase(
  { passphraseFile }: PassphraseFlags,
  io: Io,
): Promise<string | undefined> {
  if (passphraseFile !== undefined) {
    const text = (await readInput(passphraseFile, "passphrase file")).toString("utf8");
    return text.replace(/\r?\n$/, "");
  }
  return io.env["DRAY_KEY_PASSPHRASE"];
}

export function canAsk(io: Io): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/** Asks on the terminal for a passphrase or password; what is typed is not shown. @throws PromptInterrupted */
export async function askSecret(question: string, io: Io): Promise<string> {
  const [what = ""] = question.toLowerCase().split(" ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: io.stdin, output: silent, terminal: true });
  // Only now: what is typed before the terminal is told to be silent, it shows.
  io.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      const interrupt = (): void => reject(new PromptInterrupted(`no ${what} was given`));
      lines.question("", resolve);
      // Where keys are read one by one, Ctrl-C is a key; Ctrl-D ends the input.
      lines.once("SIGINT", interrupt).once("close", interrupt);
      io.signal.addEventListener("abort", interrupt, { once: true });
    });
  } finally {
    lines.close();
    io.stderr.write("\n");
  }
}
