import { Option } from "commander";
import { partsFlag } from "./bundle-flags.ts";
import { addExamples, seldom } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { addSigningFlags, readSigner, requireSigner, type SigningFlags } from "./signing-key.ts";
import { formatTable, paragraphs } from "./table.ts";

interface SignFlags extends SigningFlags, SessionFlags {
  readonly parts?: readonly string[];
  readonly dryRun?: boolean;
}

export const addSignCommand: AddCommand = (program, start) => {
  const command = program
    .command("sign")
    .summary("put a second signature beside a bundle")
    .description(
      "Checks all of a bundle and signs its list of contents. The signature becomes a file of its " +
        "own, BUNDLE.KEYID.sigstore.json, which travels beside the bundle.",
    )
    .argument("<bundle>", "bundle file or unpacked directory");
  addSigningFlags(command.addOption(partsFlag()))
    .addOption(
      seldom(new Option("--work-dir <dir>", "private scratch space for bundles compressed again")),
    )
    .option("--dry-run", "check bundle, key and place, say what would be written, sign nothing");
  addOutputFlags(command);
  addExamples(command, [
    "dray sign app-1.2.0.tar.gz --sign-key reviewer.key",
    "dray verify app-1.2.0.tar.gz --key release.pub --key reviewer.pub --require 2",
  ]);
  command.action(async (path: string, flags: SignFlags) => {
    await requireSigner(flags);
    const session = await start(flags);
    const { run, print } = session;
    const { DrayError, sign } = await import("../index.ts");
    const key = await readSigner(flags, session);
    if (key === undefined) {
      throw new DrayError("DRAY_USAGE", "Expected --sign-key or --sign-command", {
        kind: "usage",
        hint: "Make a key with `dray keygen reviewer`, then sign with --sign-key reviewer.key.",
      });
    }
    const { parts, dryRun } = flags;
    const result = await sign({ path, parts, key, dryRun }, run);
    print(result, () =>
      paragraphs([
        formatTable([
          ["signature", result.path],
          ["key id", result.keyId],
          ["bundle digest", result.bundleDigest],
        ]),
        dryRun === true ? "Dry run: this would be signed and written. Nothing was.\n" : "",
      ]),
    );
  });
};
