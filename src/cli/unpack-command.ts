import { Option } from "commander";
import type { Platform, RuntimeArchives, RuntimeForm, UnpackResult } from "../index.ts";
import {
  addBundleFlags,
  addVerifyFirstFlag,
  bundleChoices,
  type BundleFlags,
  type VerifyFirstFlag,
} from "./bundle-flags.ts";
import { formatNotes, formatProblems } from "./findings.ts";
import { addExamples, refuseStdout } from "./flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs } from "./table.ts";

interface UnpackFlags extends BundleFlags, SessionFlags, VerifyFirstFlag {
  readonly repair?: boolean;
  readonly as?: RuntimeForm;
  readonly single?: boolean;
  readonly dryRun?: boolean;
}

export const addUnpackCommand: AddCommand = (program, start) => {
  const command = program
    .command("unpack")
    .summary("write a bundle into a new directory")
    .description(
      "Writes a bundle as an OCI image layout with charts and files, checked on the way. The " +
        "directory must not exist or be empty; it appears whole or not at all. With --as it gets " +
        "what ctr, k3s, docker and podman load on a node that has no registry yet.",
    )
    .argument("<bundle>", "bundle file or unpacked directory")
    .argument("<dir>", "directory to make")
    .option("--repair", "leave out what the list of contents does not name, instead of refusing it")
    .addOption(
      new Option("--as <form>", "write the images alone, as archives for nodes").choices([
        "oci-archive",
        "docker-archive",
      ]),
    )
    .option("--single", "with --as: one archive, images.tar, instead of one an image")
    .option("--dry-run", "check bundle, place and room, say what would be written, write nothing");
  addVerifyFirstFlag(addBundleFlags(command));
  addOutputFlags(command);
  addExamples(command, [
    "dray unpack app-1.2.0.tar.gz ./app --key release.pub",
    "dray unpack --repair ./usb/app ./app --key release.pub   # a clean copy of a carried one",
    "dray unpack app-1.2.0.tar.gz ./images --as oci-archive --platform linux/amd64",
    "skopeo copy --all oci:./app:docker.io/library/alpine:3.20 docker://registry/alpine:3.20",
  ]);
  command.action(async (path: string, directory: string, flags: UnpackFlags) => {
    const session = await start(flags);
    await refuseStdout(directory, NO_FILES_ON_STDOUT);
    const { run, print } = session;
    const { unpack } = await import("../index.ts");
    const choices = await bundleChoices(flags, session);
    const { repair, verifyFirst, dryRun } = flags;
    const as = await runtimeArchives(flags, choices.platforms);
    const wishes = { repair, verifyFirst, as, dryRun };
    const result = await unpack({ path, directory, ...wishes, ...choices }, run);
    print(result, () => renderUnpack(result), formatProblems(result.findings));
  });
};

async function runtimeArchives(
  { as: form, single }: UnpackFlags,
  [platform, ...others]: readonly Platform[],
): Promise<RuntimeArchives | undefined> {
  const { DrayError } = await import("../index.ts");
  const fail = (found: string): Error =>
    new DrayError("DRAY_USAGE", `Cannot unpack: ${found}`, {
      kind: "usage",
      hint: "dray unpack BUNDLE DIR --as oci-archive --platform linux/amd64",
    });
  if (form === undefined && single === true)
    throw fail("--single says how --as writes, and there is no --as");
  if (form === undefined) return undefined;
  if (others.length > 0) throw fail("with --as there is one --platform, that of the nodes");
  return { form, platform, single };
}

const NO_FILES_ON_STDOUT = {
  what: "the files of a bundle",
  why: "they need a directory",
  hint: "Name a new directory; `tar -c DIR` sends it on.",
};

function renderUnpack(result: UnpackResult): string {
  const { directory, files, bytes, bundleDigest, findings, dryRun } = result;
  const table = formatTable([
    ["directory", directory],
    ["holds", `${files} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}`],
    ["bundle digest", bundleDigest],
  ]);
  const dry = dryRun
    ? "Dry run: this would be written, once its bytes are checked. Nothing was.\n"
    : "";
  return paragraphs([table, formatNotes(findings), dry]);
}
