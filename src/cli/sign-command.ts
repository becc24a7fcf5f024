import { runOptions, type AddCommand } from "./command.ts";
import { addExamples, addOutputFlags } from "./flags.ts";
import type { OutputFlags } from "./report-output.ts";
import type { PassphraseFlags } from "./passphrase.ts";
import { readSigningKey } from "./signing-key.ts";
import { formatTable } from "./table.ts";

interface SignFlags extends OutputFlags, PassphraseFlags {
  readonly signKey: string;
  readonly workDir?: string;
}

export const addSignCommand: AddCommand = (program, start) => {
  const command = program
    .command("sign")
    .summary("put a second signature beside a bundle")
    .description(
      "Checks all of a bundle and signs its list of contents. The signature becomes a file of its " +
        "own, BUNDLE.KEYID.sigstore.json, which travels beside the bundle.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .requiredOption("--sign-key <file>", "private key to sign with")
    .option("--passphrase-file <file>", "passphrase of the private key; or DRAY_KEY_PASSPHRASE")
    .option("--work-dir <dir>", "private scratch space for bundles that were compressed again");
  addOutputFlags(command);
  addExamples(command, [
    "dray sign app-1.2.0.tar.gz --sign-key reviewer.key",
    "dray verify app-1.2.0.tar.gz --key release.pub --key reviewer.pub --require 2",
  ]);
  command.action(async (path: string, flags: SignFlags) => {
    const session = await start(flags);
    const { io, output } = session;
    const { sign } = await import("../index.ts");
    const result = await sign(
      { path, key: await readSigningKey(flags.signKey, flags, io) },
      runOptions(session, flags),
    );
    output.report(result, () =>
      formatTable([
        ["signature", result.path],
        ["key id", result.keyId],
        ["bundle digest", result.bundleDigest],
      ]),
    );
  });
};
