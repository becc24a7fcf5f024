import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { DrayError } from "../../errors.ts";
import { MAX_PROVENANCE_BYTES } from "../chart-archive.ts";
import { withChecksum } from "./armor.ts";

/** Checking a signature takes milliseconds. */
const TIMEOUT = 30_000;

/** What gpgv says of one signature has some kilobytes; a text may carry many. */
const MAX_STATUS_BYTES = 1024 * 1024;

/** A text that was signed, as gpgv gives it: what stands around it is no part of it. */
export interface SignedText {
  readonly text: string;
  /** Name of the key's owner as the key says, and the key's fingerprint. */
  readonly signer: string;
}

export interface GpgvOptions {
  /** Path of the program. */
  readonly gpgv: string;
  readonly keyring: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks who has signed a text. https://www.gnupg.org/documentation/manuals/gnupg/gpgv.html
 * @throws DrayError `DRAY_PROVENANCE_WRONG`, `DRAY_GPGV_FAILED`
 */
export async function verifySigned(signed: Buffer, options: GpgvOptions): Promise<SignedText> {
  const { code, text, status } = await run(signed, options);
  const lines = status.split("\n").map((line) => line.replace("[GNUPG:] ", "").split(" "));
  const find = (keyword: string): string[][] => lines.filter(([first]) => first === keyword);
  const [[, , ...owner] = []] = find("GOODSIG");
  const [[, fingerprint] = []] = find("VALIDSIG");
  const isOneText = find("PLAINTEXT").length === 1;
  if (code === 0 && isOneText && owner.length > 0 && fingerprint !== undefined) {
    return { text, signer: `${owner.join(" ")} (${fingerprint})` };
  }
  throw new DrayError("DRAY_PROVENANCE_WRONG", reasonOf(status), { kind: "refused" });
}

/** https://github.com/gpg/gnupg/blob/gnupg-2.4.8/doc/DETAILS#format-of-the-status-fd-output */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ BADSIG /, "the signature does not fit: the text was changed"],
  [/ EXPKEYSIG /, "the key that signed it has expired"],
  [/ EXPSIG /, "the signature has expired"],
  [/ REVKEYSIG /, "the key that signed it was revoked"],
  [/ NO_PUBKEY /, "it was signed with a key that is not in the keyring"],
];

function reasonOf(status: string): string {
  return REASONS.find(([sign]) => sign.test(status))?.[1] ?? "it holds no good signature";
}

interface Outcome {
  readonly code: number | null;
  readonly text: string;
  readonly status: string;
}

function run(input: Buffer, { gpgv, keyring, signal }: GpgvOptions): Promise<Outcome> {
  const args = ["--keyring", keyring, "--status-fd", "3", "--output", "-", "-"];
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(gpgv, args, {
      stdio: ["pipe", "pipe", "ignore", "pipe"],
      env: { LC_ALL: "C" },
      timeout: TIMEOUT,
      killSignal: "SIGKILL",
      signal,
    });
    const fail = (cause: Error): void => {
      child.kill("SIGKILL");
      reject(failed(gpgv, cause));
    };
    const text = bounded(child.stdout, MAX_PROVENANCE_BYTES, fail);
    const status = bounded(child.stdio[3] as Readable, MAX_STATUS_BYTES, fail);
    child.once("error", (cause) => (signal?.aborted === true ? reject(cause) : fail(cause)));
    child.once("close", (code) => resolve({ code, text: text(), status: status() }));
    // It stops reading where it has seen enough.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(withChecksum(input.toString("latin1")), "latin1");
  });
}

/** Collects what comes, up to a limit. */
function bounded(
  stream: Readable | null,
  most: number,
  fail: (cause: Error) => void,
): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) fail(new Error(`it says more than ${most} bytes`));
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function failed(gpgv: string, cause: Error): DrayError {
  return new DrayError(
    "DRAY_GPGV_FAILED",
    `Cannot check a signature with ${JSON.stringify(gpgv)}: ${cause.message}`,
    { cause },
  );
}
