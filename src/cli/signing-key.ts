import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { PrivateKey } from "../index.ts";
import { readInput } from "./flags.ts";
import type { Session } from "./session.ts";
import { PromptInterrupted, type Io } from "./terminal.ts";

export interface PassphraseFlags {
  readonly passphraseFile?: string;
}

/** Reads a private key, asking for its passphrase where it has one and none was given. */
export async function readSigningKey(
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
