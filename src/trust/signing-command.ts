import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { DrayError } from "../errors.ts";
import { asDetached, signDetached, type MadeSignature } from "./detached.ts";
import { isSignedBy, type PrivateKey, type PublicKey } from "./keys.ts";
import { signaturesIn } from "./printed-signature.ts";

/**
 * A program that signs with a key which dray never sees: it gets the bytes to sign on standard input and
 * prints a signature.
 */
export interface SigningCommand {
  /** A line for the shell of this system. */
  readonly command: string;
  /** What its signatures have to fit. */
  readonly publicKey: PublicKey;
  /** Milliseconds after which it is ended; somebody may have to touch something. @default five minutes */
  readonly patience?: number | undefined;
}

/** What bundles are signed with: a key that is here, or a program that has one. */
export type SigningKey = PrivateKey | SigningCommand;

const PATIENCE = 5 * 60 * 1000;

/** A signature has some hundred bytes, a Sigstore bundle around it some thousand. */
const MAX_PRINTED = 64 * 1024;

/** Of what a program says on stderr, the last of it says why it ended. */
const MAX_SAID = 2000;

/** Signs `message` with whatever signs. @throws DrayError `DRAY_SIGN_COMMAND_FAILED` */
export async function signWith(
  key: SigningKey,
  message: Uint8Array,
  signal?: AbortSignal,
): Promise<MadeSignature> {
  if (!("command" in key)) return signDetached(key, message);
  return asDetached(key.publicKey.id, message, await signByCommand(key, message, signal));
}

/**
 * Lets the program sign, and checks what it printed: DER, the plain numbers of ECDSA or Ed25519, either of
 * them in base64 or PEM, or a Sigstore bundle.
 * @throws DrayError `DRAY_SIGN_COMMAND_FAILED`
 */
async function signByCommand(
  { command, publicKey, patience = PATIENCE }: SigningCommand,
  message: Uint8Array,
  signal?: AbortSignal,
): Promise<Buffer> {
  signal?.throwIfAborted();
  const ended = await ask(command, message, { patience, signal });
  if (typeof ended === "string") throw failed(command, ended);
  const { code, printed, said } = ended;
  if (code !== 0) throw failed(command, `it ended with ${code ?? "a signal"}${inWords(said)}`);
  if (printed.length === 0) throw failed(command, `it printed nothing${inWords(said)}`);
  const found = signaturesIn(printed, publicKey.kind);
  const right = found.find((signature) => isSignedBy(publicKey, message, signature));
  if (right !== undefined) return right;
  throw failed(
    command,
    found.length === 0
      ? `it printed ${printed.length} bytes that are no signature of a ${NAMES[publicKey.kind]} key`
      : `its signature does not fit the key ${publicKey.id} (${publicKey.from}): it is by another key, or over something else`,
  );
}

const NAMES = { p256: "P-256", ed25519: "Ed25519" } as const;

interface Ended {
  readonly code: number | null;
  readonly printed: Buffer;
  readonly said: string;
}

/** What the program did, or why that is not known. */
function ask(
  command: string,
  message: Uint8Array,
  { patience, signal }: { patience: number; signal: AbortSignal | undefined },
): Promise<Ended | string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ["pipe", "pipe", "pipe"] });
    const { stdin, stdout, stderr } = child;
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
      child.kill("SIGKILL");
      // What the shell has started may hold them open after it.
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
      child.unref();
    };
    const giveUp = (reason: string): void => {
      end();
      resolve(reason);
    };
    const interrupt = (): void => {
      end();
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => giveUp(`it has not ended after ${patience / 1000} seconds`),
      patience,
    );
    signal?.addEventListener("abort", interrupt, { once: true });
    const printed = collected(stdout, () => giveUp(`it printed more than ${MAX_PRINTED} bytes`));
    let said = "";
    stderr.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-MAX_SAID)));
    child.once("error", (cause) => giveUp(cause.message));
    child.once("close", (code) => {
      end();
      resolve({ code, printed: Buffer.concat(printed), said });
    });
    // Whoever has heard enough hangs up, and what it prints then counts.
    stdin.on("error", () => undefined);
    stdin.end(message);
  });
}

function collected(stream: Readable, tooMuch: () => void): Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > MAX_PRINTED) tooMuch();
  });
  return chunks;
}

function inWords(said: string): string {
  const text = said.trim();
  return text === "" ? " and said nothing" : `:\n  ${text.split("\n").slice(-5).join("\n  ")}`;
}

function failed(command: string, reason: string): DrayError {
  return new DrayError(
    "DRAY_SIGN_COMMAND_FAILED",
    `Cannot sign with ${JSON.stringify(command)}: ${reason}`,
    {
      hint: "It gets the bytes to sign on standard input and prints the signature: DER, base64, PEM or a Sigstore bundle. Try it by hand: COMMAND < SHA256SUMS.",
    },
  );
}
