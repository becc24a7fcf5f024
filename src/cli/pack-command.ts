import { Option, type Command } from "commander";
import type { ValueSet } from "../index.ts";
import { addTrustFlags } from "./bundle-flags.ts";
import { addDiscoveryFlags, readSets } from "./discovery-flags.ts";
import { addExamples, addStoreFlag, refuseStdout, repeatable, seldom } from "./flags.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { lockChoices, type LockFlags } from "./pack-lock.ts";
import { gatheringChoices, type GatheringFlags } from "./gathering.ts";
import { addContentFlags, readRecipe, registriesOf } from "./pack-recipe.ts";
import { problemsOfPack, renderPack } from "./pack-report.ts";
import { addMirrorFlags } from "./mirror-flags.ts";
import { recipeHere, requireContent } from "./recipe-here.ts";
import {
  addRegistryFlags,
  chartAccess,
  requireOneRegistry,
  type RegistryFlags,
} from "./registry-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import {
  addSigningFlags,
  checkSigner,
  readSigner,
  requireSigner,
  type SigningFlags,
} from "./signing-key.ts";

interface PackFlags
  extends SessionFlags, SigningFlags, GatheringFlags, RegistryFlags, MapFlags, LockFlags {
  readonly target?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly unsigned?: boolean;
  readonly dryRun?: boolean;
  readonly reuse?: readonly string[];
  readonly since?: readonly string[];
  readonly split?: string;
  readonly checkWritten?: boolean;
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
    .argument(
      "[recipe]",
      "YAML with name, version, images, charts, files, platforms; without it, and without flags " +
        "that say what goes in, bundle.yaml of this folder",
    );
  addContentFlags(command);
  const sets = addDiscoveryFlags(command);
  addResultFlags(command);
  addTrustFlags(command, "Trust in bundles of --from:");
  addTargetFlags(command);
  addStoreFlag(command);
  addMirrorFlags(addRegistryFlags(command));
  addOutputFlags(command);
  addExamples(command, [
    "dray pack --sign-key release.key                        # bundle.yaml of this folder",
    "dray pack --image alpine:3.20 --image-list images.txt --chart ./app-1.2.0.tgz \\",
    "  --sign-key release.key -o app-1.2.0.tar.gz",
    "dray pack --chart 'https://charts.example.com/stable#shop:^1.2' --unsigned",
    "dray pack --chart ./app-1.2.0.tgz --values prod.yaml --sign-key release.key",
    "dray pack bundle.yaml --locked --sign-key release.key   # the digests of the last run",
    "dray pack --from vendor-images.tgz --name vendor --sign-key release.key",
    "dray pack bundle.yaml --dry-run                         # what would go in",
    "dray pack bundle.yaml --since app-1.1.0.tar.gz --sign-key release.key   # a delta",
  ]);
  command.action(async (recipe: string | undefined, flags: PackFlags) =>
    runPack({ recipePath: recipe, sets }, flags, await start(flags)),
  );
};

function addResultFlags(command: Command): void {
  command
    .optionsGroup("The bundle:")
    .option("--name <name>", "name of the bundle")
    .option("--bundle-version <version>", "version of the bundle")
    .option("-o, --output <file>", "file to write (default: NAME-VERSION.tar.gz)")
    .option("--force", "replace the file if it is there")
    .option("--split <size>", "write parts: fat32, dvd, bd, or a size such as 700MB or 4GiB")
    .option("--check-written", "read the bundle back from its medium and compare")
    .addOption(
      repeatable("--reuse <bundle>", "an earlier bundle whose content is not fetched again"),
    )
    .addOption(
      repeatable(
        "--since <base>",
        "earlier bundle, receipt or inventory: what is there already stays behind",
      ),
    );
  addSigningFlags(command)
    .option("--unsigned", "write a bundle without a signature")
    .addOption(
      seldom(
        new Option(
          "--work-dir <dir>",
          "private scratch space for what --from names, if compressed",
        ),
      ),
    )
    .option("--lock <file>", "file for the digests that tags stood for")
    .option("--locked", "use the digests in the lock instead of asking what tags stand for")
    .option("--dry-run", "check key, place and room, say what would be packed, write nothing");
}

/** What a later push will ask for, while something can still be changed. */
function addTargetFlags(command: Command): void {
  command
    .optionsGroup("Where it goes later:")
    .addOption(
      repeatable("--require-platform <platform>", "fail where an image is not for os/architecture"),
    )
    .option("--target <target>", "REGISTRY[/PREFIX] it is for: fail on names that cannot be there");
  addMapFlags(command);
}

async function runPack(
  { recipePath: named, sets }: { recipePath: string | undefined; sets: readonly ValueSet[] },
  flags: PackFlags,
  session: Session,
): Promise<void> {
  const { run, print } = session;
  const { pack, parsePartSize } = await import("../index.ts");
  await requireSigningChoice(flags);
  await requireFile(flags);
  const recipePath = await recipeHere(named, flags, session);
  await requireContent(recipePath, flags);
  const recipe = await readRecipe(recipePath, flags, await readSets(sets, flags, session));
  const registries = await registriesOf(recipe);
  await requireOneRegistry(registries, flags);
  const isDryRun = flags.dryRun === true;
  const signingKey = isDryRun
    ? await checkSigner(flags, session)
    : await readSigner(flags, session);
  const result = await pack(
    {
      recipe,
      ...(await lockChoices(recipePath, flags)),
      ...(await gatheringChoices(flags, session)),
      output: flags.output,
      force: flags.force,
      reuse: flags.reuse,
      since: flags.since,
      split: flags.split === undefined ? undefined : parsePartSize(flags.split),
      checkWritten: flags.checkWritten,
      signingKey,
      target: flags.target,
      mapping: await readMapping(flags),
      dryRun: isDryRun,
      ...(await chartAccess(flags, session, registries)),
    },
    run,
  );
  const isSigned = (flags.signKey ?? flags.signCommand) !== undefined;
  print(result, () => renderPack(result, { isSigned, isDryRun }), problemsOfPack(result));
}

/** A bundle is gone back to while it is written. */
async function requireFile({ output, lock }: PackFlags): Promise<void> {
  const why = "it appears whole under its name or not at all";
  const hint = "Name a file, and send that on when dray has ended with 0.";
  await refuseStdout(output, { what: "the bundle", why, hint });
  await refuseStdout(lock, { what: "the lock", why, hint });
}

/** Leaving a bundle unsigned is a decision, never an oversight. */
async function requireSigningChoice(flags: PackFlags): Promise<void> {
  await requireSigner(flags);
  const { signKey, signCommand, unsigned, dryRun } = flags;
  const isSigned = (signKey ?? signCommand) !== undefined;
  if (dryRun === true || isSigned !== (unsigned === true)) return;
  if (isSigned) {
    const flag = signKey === undefined ? "--sign-command" : "--sign-key";
    throw await usageError(
      `Expected either ${flag} or --unsigned, found both`,
      "Leave out --unsigned: what is signed is not.",
    );
  }
  throw await usageError(
    "Expected either --sign-key, --sign-command or --unsigned, found none",
    "Make a key with `dray keygen release`, then sign with --sign-key release.key.",
  );
}

async function usageError(message: string, hint: string): Promise<Error> {
  const { DrayError } = await import("../index.ts");
  return new DrayError("DRAY_USAGE", message, { kind: "usage", hint });
}
