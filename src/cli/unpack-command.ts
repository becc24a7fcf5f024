import type { AddCommand } from "./command.ts";
import { addExamples, addOutputFlags } from "./flags.ts";
import { addForeignFlags, foreignChoices, type ForeignFlags } from "./foreign-flags.ts";
import type { OutputFlags } from "./output.ts";
import { formatBytes, formatTable } from "./table.ts";
import { addTrustFlags, trustPolicy, workDirectory, type TrustFlags } from "./trust-flags.ts";

type UnpackFlags = TrustFlags & ForeignFlags & OutputFlags;

export const addUnpackCommand: AddCommand = (program, start) => {
  const command = program
    .command("unpack")
    .summary("write a bundle into a new directory")
    .description(
      "Writes a bundle as an OCI image layout with charts and files, checked on the way. The " +
        "directory must not exist or be empty; it appears whole or not at all.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("<dir>", "directory to make");
  addTrustFlags(command);
  addForeignFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray unpack app-1.2.0.tar.gz ./app --key release.pub",
    "skopeo copy --all oci:./app:docker.io/library/alpine:3.20 docker://registry/alpine:3.20",
  ]);
  command.action(async (path: string, directory: string, flags: UnpackFlags) => {
    const { io, output } = start(flags);
    const { unpack } = await import("../index.ts");
    const options = {
      path,
      trust: await trustPolicy(flags, io),
      workDirectory: workDirectory(flags, io.env),
      ...(await foreignChoices(flags)),
      signal: io.signal,
      onEvent: output.progress.listen,
    };
    const result = await unpack(options, directory);
    output.report(result, () =>
      formatTable([
        ["directory", result.directory],
        ["holds", `${result.files} files, ${formatBytes(result.bytes)}`],
        ["bundle digest", result.bundleDigest],
      ]),
    );
  });
};
