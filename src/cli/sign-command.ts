import { Option } from "commander";
import { addExamples, seldom } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { readSigningKey, type PassphraseFlags } from "./signing-key.ts";
import { formatTable } from "./table.ts";

interface SignFlags extends SessionFlags, PassphraseFlags {
  readonly signKey: string;
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
    .addOption(
      seldom(new Option("--work-dir <dir>", "private scratch space for bundles compressed again")),
    );
  addOutputFlags(command);
  addExamples(command, [
    "dray sign app-1.2.0.tar.gz --sign-key reviewer.key",
    "dray verify app-1.2.0.tar.gz --key release.pub --key reviewer.pub --require 2",
  ]);
  command.action(async (path: string, flags: SignFlags) => {
    const session = await start(flags);
    const { run, print } = session;
    const { sign } = await import("../index.ts");
    const result = await sign(
      { path, key: await readSigningKey(flags.signKey, flags, session) },
      run,
    );
    print(result, () =>
      formatTable([
        ["signature", result.path],
        ["key id", result.keyId],
        ["bundle digest", result.bundleDigest],
      ]),
    );
  });
};
