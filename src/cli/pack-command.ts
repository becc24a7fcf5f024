import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Option, type Command } from "commander";
import type { Defaults, Lock, PackOptions, ProvenanceOptions, ValueSet } from "../index.ts";
import { runOptions, type AddCommand, type Session } from "./command.ts";
import { addDiscoveryFlags, discoverySettings, type DiscoveryFlags } from "./discovery-flags.ts";
import { addExamples, addOutputFlags, addStoreFlag, repeatable } from "./flags.ts";
import type { OutputFlags } from "./report-output.ts";
import { readRecipe, registriesOf, type RecipeFlags } from "./pack-recipe.ts";
import { renderPack } from "./pack-report.ts";
import type { PassphraseFlags } from "./passphrase.ts";
import {
  addRegistryFlags,
  chartAccess,
  requireOneRegistry,
  type RegistryFlags,
} from "./registry-flags.ts";
import { readSigningKey } from "./signing-key.ts";

interface PackFlags
  extends OutputFlags, PassphraseFlags, RecipeFlags, DiscoveryFlags, RegistryFlags {
  readonly store?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly signKey?: string;
  readonly unsigned?: boolean;
  readonly lock?: string;
  readonly locked?: boolean;
  readonly includeNondistributable?: boolean;
  readonly strictImages?: boolean;
  readonly keyring?: string;
  readonly verifyCharts?: boolean;
  readonly dryRun?: boolean;
  readonly workDir?: string;
}

export const addPackCommand: AddCommand = (program, start) => {
  const command = program
    .command("pack")
    .summary("gather images and charts into one signed bundle")
    .description(
      "Gathers images, charts and files and writes one bundle: a signed .tar.gz of an OCI image " +
        "layout and charts. The images that a chart needs are found and packed with it. All " +
        "platforms of an image are packed and no digest changes. If " +
        "anything cannot be had, no bundle is written; a second run fetches only what is missing.",
    )
    .argument("[recipe]", "bundle.yaml with name, version, images, charts, files, platforms");
  addContentFlags(command);
  const sets = addDiscoveryFlags(command);
  addResultFlags(command);
  addStoreFlag(command);
  addRegistryFlags(command);
  addOutputFlags(command);
  addExamples(command, [
    "dray pack bundle.yaml --sign-key release.key",
    "dray pack --image alpine:3.20 --image-list images.txt --chart ./app-1.2.0.tgz \\",
    "  --sign-key release.key -o app-1.2.0.tar.gz",
    "dray pack --chart 'https://charts.example.com/stable#shop:^1.2' --unsigned",
    "dray pack --chart ./app-1.2.0.tgz --values prod.yaml --sign-key release.key",
    "dray pack bundle.yaml --locked --sign-key release.key   # the digests of the last run",
    "dray pack --from vendor-images.tgz --name vendor --sign-key release.key",
    "dray pack bundle.yaml --dry-run                         # what would go in",
  ]);
  command.action(async (recipe: string | undefined, flags: PackFlags) =>
    runPack({ recipePath: recipe, sets }, flags, await start(flags)),
  );
};

function addContentFlags(command: Command): void {
  command
    .addOption(repeatable("--image <reference>", "an image: registry/repository[:tag][@digest]"))
    .addOption(repeatable("--image-list <file>", "a file with one image a line"))
    .addOption(
      repeatable(
        "--chart <chart>",
        "a .tgz or directory, oci://registry/chart[:range] or https://repository#chart[:range]",
      ),
    )
    .addOption(
      new Option("--chart-images <mode>", "which images of the charts named by --chart are packed")
        .choices(["needed", "discover", "none"])
        .default("needed"),
    )
    .option("--strict-images", "fail where a needed image of a chart may have been missed")
    .option("--keyring <file>", "public keys (OpenPGP) of those who sign charts; needs gpgv")
    .option("--verify-charts", "refuse charts whose provenance is missing, wrong or not checked")
    .addOption(repeatable("--file <file>", "a plain file that travels along"))
    .addOption(repeatable("--from <path>", "a layout, archive or bundle that others have made"))
    .addOption(
      repeatable("--platform <platform>", "only this platform; this changes an image's digest"),
    )
    .option("--include-nondistributable", "pack layers that their license keeps out of registries");
}

function addResultFlags(command: Command): void {
  command
    .addOption(
      repeatable("--name <name>", "name of the bundle; or DIGEST=REFERENCE for an image of --from"),
    )
    .option("--bundle-version <version>", "version of the bundle")
    .option("-o, --output <file>", "file to write (default: NAME-VERSION.tar.gz)")
    .option("--force", "replace the file if it is there")
    .option("--sign-key <file>", "private key to sign with")
    .option("--passphrase-file <file>", "passphrase of the private key; or DRAY_KEY_PASSPHRASE")
    .option("--unsigned", "write a bundle without a signature")
    .option("--work-dir <dir>", "private scratch space for what --from names, if it is compressed")
    .option("--lock <file>", "file for the digests that tags stood for")
    .option("--locked", "use the digests in the lock instead of asking what tags stand for")
    .option("--dry-run", "resolve everything, say what would be packed, write nothing");
}

async function runPack(
  { recipePath, sets }: { recipePath: string | undefined; sets: readonly ValueSet[] },
  flags: PackFlags,
  session: Session,
): Promise<void> {
  const { io, output, defaults } = session;
  const { pack } = await import("../index.ts");
  await requireSigningChoice(flags);
  const recipe = await readRecipe(recipePath, flags, sets);
  const registries = registriesOf(recipe);
  await requireOneRegistry(registries, flags);
  const isDryRun = flags.dryRun === true;
  const result = await pack(
    {
      recipe,
      ...(await lockOptions(recipePath, flags)),
      output: flags.output,
      force: flags.force,
      store: flags.store ?? defaults.store,
      signingKey:
        flags.signKey === undefined || isDryRun
          ? undefined
          : await readSigningKey(flags.signKey, flags, io),
      created: defaults.created,
      discovery: await discoverySettings(flags, session),
      strictImages: flags.strictImages,
      includeNonDistributable: flags.includeNondistributable,
      provenance: await provenanceOptions(flags, defaults),
      dryRun: isDryRun,
      ...(await chartAccess(flags, session, registries)),
    },
    runOptions(session, flags),
  );
  const isSigned = flags.signKey !== undefined;
  output.report(result, () => renderPack(result, { isSigned, isDryRun }));
}

async function provenanceOptions(
  { keyring, verifyCharts }: PackFlags,
  { gpgv }: Defaults,
): Promise<ProvenanceOptions> {
  return {
    keyring,
    gpgv: keyring === undefined ? undefined : await gpgv(),
    required: verifyCharts,
  };
}

/** Leaving a bundle unsigned is a decision, never an oversight. */
async function requireSigningChoice({ signKey, unsigned, dryRun }: PackFlags): Promise<void> {
  if (dryRun === true || (signKey !== undefined) !== (unsigned === true)) return;
  throw await usageError(
    "Expected either --sign-key or --unsigned",
    "Make a key with `dray keygen release`, then sign with --sign-key release.key.",
  );
}

async function lockOptions(
  recipePath: string | undefined,
  flags: PackFlags,
): Promise<Pick<PackOptions, "lock" | "locked" | "lockPath">> {
  const path = flags.lock ?? lockPathFor(recipePath);
  const lock = path === undefined ? undefined : await readLock(path);
  if (flags.locked === true && lock === undefined) {
    throw await usageError(
      `Cannot pack as locked: there is no lock${path === undefined ? "" : ` at ${JSON.stringify(path)}`}`,
      "Pack once without --locked, or name the lock with --lock.",
    );
  }
  return { lock, locked: flags.locked, lockPath: flags.locked === true ? undefined : path };
}

async function usageError(message: string, hint: string): Promise<Error> {
  const { DrayError } = await import("../index.ts");
  return new DrayError("DRAY_USAGE", message, { kind: "usage", hint });
}

async function readLock(path: string): Promise<Lock | undefined> {
  const { parseLock, systemCode } = await import("../index.ts");
  try {
    return parseLock(await readFile(path), path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** `bundle.yaml` has `bundle.lock.json` beside it; flags alone have no lock unless one is named. */
function lockPathFor(recipePath: string | undefined): string | undefined {
  if (recipePath === undefined) return undefined;
  const name = recipePath.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "");
  return join(dirname(recipePath), `${name}.lock.json`);
}
