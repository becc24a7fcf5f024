import { Option, type Command } from "commander";
import type { DeliveryOptions } from "../index.ts";
import { refuseStdout, repeatable, seldom } from "./flags.ts";

/** Flags of every command that brings something into a registry. */
export interface DeliveryFlags {
  readonly overwrite?: boolean;
  readonly allOrNothing?: boolean;
  readonly only?: readonly string[];
  readonly exclude?: readonly string[];
  /** False for --no-keep-tag. */
  readonly keepTag?: boolean;
  readonly verifyTarget?: boolean;
  readonly receipt?: string;
  readonly dryRun?: boolean;
}

export function addDeliveryFlags(command: Command): Command {
  return command
    .optionsGroup("What is delivered, and how:")
    .addOption(repeatable("--only <pattern>", 'nothing but what this matches: "*/postgres:16*"'))
    .addOption(repeatable("--exclude <pattern>", "all but what this matches"))
    .option("--overwrite", "move tags that stand for something else at the target")
    .option("--all-or-nothing", "write no tag unless everything is there")
    .addOption(
      seldom(
        new Option(
          "--no-keep-tag",
          "give no tag to what is pinned by digest alone; a registry may remove it",
        ),
      ),
    )
    .option("--verify-target", "read everything back and hash it before any tag is written")
    .option("--receipt <file>", "write what was pushed, and what was not, as JSON")
    .option("--dry-run", "ask the registry, say what would be pushed, send nothing");
}

/** Of commands that may make repositories. */
export function immutableFlag(): Option {
  const flag = new Option("--immutable", "repositories that are made at ECR take each tag once");
  return seldom(flag);
}

/** What has a report on standard output has no room there for a receipt. */
export async function refuseReceiptOnStdout({ receipt }: DeliveryFlags): Promise<void> {
  await refuseStdout(receipt, {
    what: "the receipt",
    why: "the report goes there",
    hint: "Name a file; --json prints the report as JSON.",
  });
}

/** What the flags say of a delivery. */
export function deliveryTerms(flags: DeliveryFlags): Partial<DeliveryOptions> {
  const { overwrite, allOrNothing, only, exclude, keepTag, verifyTarget, receipt, dryRun } = flags;
  return { overwrite, allOrNothing, only, exclude, keepTag, verifyTarget, receipt, dryRun };
}
