import type { UnpackResult } from "../index.ts";
import {
  addBundleFlags,
  addVerifyFirstFlag,
  bundleChoices,
  type BundleFlags,
  type VerifyFirstFlag,
} from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs } from "./table.ts";

interface UnpackFlags extends BundleFlags, SessionFlags, VerifyFirstFlag {
  readonly repair?: boolean;
}

export const addUnpackCommand: AddCommand = (program, start) => {
  const command = program
    .command("unpack")
    .summary("write a bundle into a new directory")
    .description(
      "Writes a bundle as an OCI image layout with charts and files, checked on the way. The " +
        "directory must not exist or be empty; it appears whole or not at all.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("<dir>", "directory to make")
    .option(
      "--repair",
      "leave out what the list of contents does not name, instead of refusing it",
    );
  addVerifyFirstFlag(addBundleFlags(command));
  addOutputFlags(command);
  addExamples(command, [
    "dray unpack app-1.2.0.tar.gz ./app --key release.pub",
    "dray unpack --repair ./usb/app ./app --key release.pub   # a clean copy of a carried one",
    "skopeo copy --all oci:./app:docker.io/library/alpine:3.20 docker://registry/alpine:3.20",
  ]);
  command.action(async (path: string, directory: string, flags: UnpackFlags) => {
    const session = await start(flags);
    const { run, print } = session;
    const { unpack } = await import("../index.ts");
    const choices = await bundleChoices(flags, session);
    const { repair, verifyFirst } = flags;
    const result = await unpack({ path, directory, repair, verifyFirst, ...choices }, run);
    print(result, () => renderUnpack(result), formatProblems(result.findings));
  });
};

function renderUnpack({ directory, files, bytes, bundleDigest, findings }: UnpackResult): string {
  const table = formatTable([
    ["directory", directory],
    ["holds", `${files} files, ${formatBytes(bytes)}`],
    ["bundle digest", bundleDigest],
  ]);
  return paragraphs([table, formatNotes(findings)]);
}
