import type { Command } from "commander";
import type { BundleOptions } from "../index.ts";
import { repeatable } from "./flags.ts";

/** Flags about bundles that others have made, for every command that opens one. */
export interface ForeignFlags {
  readonly name?: readonly string[];
  readonly platform?: readonly string[];
}

export function addForeignFlags(command: Command): Command {
  return command
    .addOption(
      repeatable("--name <digest=reference>", "name an image of a layout or archive of others"),
    )
    .addOption(repeatable("--platform <platform>", "of such images only this platform"));
}

export async function foreignChoices({
  name = [],
  platform = [],
}: ForeignFlags): Promise<Pick<BundleOptions, "names" | "platforms">> {
  const { parseNames, parsePlatform } = await import("../index.ts");
  return { names: parseNames(name), platforms: platform.map(parsePlatform) };
}
