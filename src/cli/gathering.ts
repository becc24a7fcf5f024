import type { Defaults, GatheringOptions, ProvenanceOptions } from "../index.ts";
import { trustPolicy, type TrustFlags } from "./bundle-flags.ts";
import { discoverySettings } from "./discovery-flags.ts";
import type { ContentFlags } from "./pack-recipe.ts";
import type { Session } from "./session.ts";

/** Flags of every command that gathers what a recipe names. */
export interface GatheringFlags extends ContentFlags, TrustFlags {
  readonly requirePlatform?: readonly string[];
  readonly store?: string;
}

/** What flags and machine say of the gathering, beside the recipe and how registries are reached. */
export async function gatheringChoices(
  flags: GatheringFlags,
  session: Session,
): Promise<Omit<GatheringOptions, "recipe">> {
  const { defaults } = session;
  const { parsePlatform } = await import("../index.ts");
  return {
    store: flags.store ?? defaults.store,
    created: defaults.created,
    discovery: await discoverySettings(flags, session),
    strictImages: flags.strictImages,
    trust: () => trustPolicy(flags, defaults),
    requirePlatforms: flags.requirePlatform?.map(parsePlatform),
    includeNonDistributable: flags.includeNondistributable,
    provenance: await provenanceOptions(flags, defaults),
  };
}

async function provenanceOptions(
  { keyring, verifyCharts }: GatheringFlags,
  { gpgv }: Defaults,
): Promise<ProvenanceOptions> {
  return {
    keyring,
    gpgv: keyring === undefined ? undefined : await gpgv(),
    required: verifyCharts,
  };
}
