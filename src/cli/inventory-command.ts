import type { InventoryReport } from "../index.ts";
import { formatProblems } from "./findings.ts";
import { addExamples, refuseStdout, repeatable } from "./flags.ts";
import { addRegistryFlags, registryAccess, type RegistryFlags } from "./registry-flags.ts";
import { addOutputFlags, type AddCommand, type SessionFlags } from "./session.ts";
import { formatBytes, formatTable, paragraphs, plural } from "./table.ts";
import { addTargetFileFlag, requireTarget, type TargetFlags } from "./target-flags.ts";
import { required } from "./usage.ts";

interface InventoryFlags extends SessionFlags, RegistryFlags, TargetFlags {
  readonly repo?: readonly string[];
  readonly output?: string;
  readonly dryRun?: boolean;
}

const OUTPUT = "-o, --output <file>";

export const addInventoryCommand: AddCommand = (program, start) => {
  const command = program
    .command("inventory")
    .summary("write down what a registry has, for the next delta")
    .description(
      "Lists tags, digests, blobs and sizes of a registry in a small file for the way back: " +
        "`dray pack --since FILE` leaves behind what is in it. Every blob is asked for, and nothing " +
        "is changed. What is lost there, or cannot be read, is said: exit code 3, with the file written.",
    )
    .argument("[target]", "REGISTRY[:PORT][/PREFIX]; without it that of the target file")
    .addOption(
      repeatable("--repo <pattern>", "only such repositories, * for any text; else all it lists"),
    )
    .option(OUTPUT, "file to write")
    .option("--dry-run", "ask for all of it, say what would be written, write nothing");
  addTargetFileFlag(command, start);
  addRegistryFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray inventory registry.internal:5000/mirror -o mirror.inventory.json",
    "dray inventory registry.internal:5000 --repo 'mirror/team/*' -o team.inventory.json",
    "dray pack bundle.yaml --since mirror.inventory.json --sign-key release.key",
  ]);
  command.action(async (given: string | undefined, flags: InventoryFlags) => {
    const session = await start(flags);
    const output = await required(flags.output, { command: "inventory", flag: OUTPUT });
    await refuseStdout(output, NO_STDOUT);
    const target = await requireTarget(given, flags);
    const { inventory } = await import("../index.ts");
    const registry = await registryAccess(flags, session);
    const { repo: repositories, dryRun } = flags;
    const request = { target, repositories, output, registry, dryRun };
    const report = await inventory(request, session.run);
    session.print(report, () => render(report), formatProblems(report.findings));
    if (report.findings.length > 0) session.refuse(incomplete(report));
  });
};

const NO_STDOUT = {
  what: "the inventory",
  why: "it appears whole under its name or not at all",
  hint: "Name a file; --json has what is told of it.",
};

function incomplete({ dryRun }: InventoryReport): string {
  const lack = dryRun ? "would lack" : "was written, and lacks";
  return `The inventory ${lack} what is named: a delta since it brings that again.\n`;
}

function render({
  target,
  output,
  size,
  repositories,
  tags,
  blobs,
  bytes,
  dryRun,
}: InventoryReport): string {
  const held = `${repositories === 1 ? "1 repository" : `${repositories} repositories`}, ${plural(tags, "tag")}, ${plural(blobs, "blob")} (${formatBytes(bytes)})`;
  const table = formatTable([
    ["registry", target],
    ["has", held],
    ["inventory", `${output}, ${formatBytes(size)}`],
  ]);
  return paragraphs([table, dryRun ? "Dry run: this would be written. Nothing was.\n" : ""]);
}
