import { resolve } from "node:path";
import { startRun, type RunOptions } from "../events.ts";
import { isThere, writeNew } from "../content/new-file.ts";
import { requirePlace } from "../content/output-place.ts";
import { detachedPath } from "../trust/detached.ts";
import { DrayError, shellWord } from "../errors.ts";
import { signWith, type SigningKey } from "../trust/signing-command.ts";
import { requireUsable } from "../bundle/opened.ts";
import { withBundle } from "./open-bundle.ts";

export interface SignOptions {
  /** File or directory; of a bundle that was cut any part, their list, or their folder. */
  readonly path: string;
  /** Folders in which further parts lie. */
  readonly parts?: readonly string[] | undefined;
  readonly key: SigningKey;
  /** Check the bundle and the place, sign nothing. @default false */
  readonly dryRun?: boolean | undefined;
}

export interface SignResult {
  /** The file that was written beside the bundle, or would be, absolute. */
  readonly path: string;
  readonly keyId: string;
  readonly bundleDigest: string;
  readonly dryRun: boolean;
}

/**
 * Puts somebody's signature beside a bundle: a second person's word for the same contents. The
 * bundle is checked first, all of it; who else has signed does not matter here.
 *
 * @throws DrayError `DRAY_BUNDLE_REFUSED`, `DRAY_BUNDLE_FOREIGN`, `DRAY_BASE_MISSING`, `DRAY_FILE_EXISTS`,
 * `DRAY_SIGN_COMMAND_FAILED`
 */
export async function sign(
  { path: given, parts, key, dryRun = false }: SignOptions,
  runOptions: RunOptions = {},
): Promise<SignResult> {
  const run = startRun(runOptions);
  const trust = { allowUnsigned: true };
  return withBundle(
    { path: given, parts, trust, content: "hashed", blobs: "elsewhere" },
    run,
    async (opened, carrier) => {
      if (opened.delta !== undefined) throw isDelta(given);
      const { list, bundleDigest, isForeign } = requireUsable(given, opened);
      if (isForeign) throw foreign(given);
      const { id } = key.publicKey;
      const path = detachedPath(resolve(carrier.path), id);
      await requirePlace(path, "signature");
      // Before a program is asked to sign, which may ask somebody to touch a token.
      if (await isThere(path, "signature")) throw exists(path);
      if (!dryRun) {
        const { bundle } = await signWith(key, list, run.signal);
        await writeNew(path, { content: bundle, what: "signature", exists });
      }
      return { path, keyId: id, bundleDigest, dryRun };
    },
  );
}

function exists(path: string, cause?: unknown): DrayError {
  return new DrayError(
    "DRAY_FILE_EXISTS",
    `Cannot write ${JSON.stringify(path)}: it exists already`,
    {
      kind: "usage",
      hint: "This key has signed the bundle before. Remove the file to sign again.",
      cause,
    },
  );
}

/** Whoever signs has seen all of it. */
function isDelta(path: string): DrayError {
  const quoted = shellWord(path);
  return new DrayError(
    "DRAY_BASE_MISSING",
    `Cannot sign ${JSON.stringify(path)}: it is a delta, and what it leaves out nobody has seen here`,
    {
      kind: "refused",
      hint: `Make the whole of it, \`dray unpack ${quoted} WHOLE --base OLD\`, and sign that: both have the same list, so WHOLE.KEYID.sigstore.json counts for the delta too, under its name.`,
    },
  );
}

function foreign(path: string): DrayError {
  return new DrayError(
    "DRAY_BUNDLE_FOREIGN",
    `Cannot sign ${JSON.stringify(path)}: others have made it, and it has no list that could be signed`,
    { kind: "usage", hint: "Make a bundle of it: dray pack --from … --sign-key …" },
  );
}
