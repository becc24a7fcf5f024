import type { ChartAccess, CopyReport, RegistryAccess, ValueSet } from "../index.ts";
import { addTrustFlags } from "./bundle-flags.ts";
import {
  addDeliveryFlags,
  deliveryTerms,
  immutableFlag,
  refuseReceiptOnStdout,
  type DeliveryFlags,
} from "./delivery-flags.ts";
import {
  formatArtifacts,
  formatRepositories,
  formatTotals,
  printDelivery,
  type Said,
} from "./delivery-report.ts";
import { addDiscoveryFlags, readSets } from "./discovery-flags.ts";
import { formatNotes } from "./findings.ts";
import { addExamples, addStoreFlag, repeatable } from "./flags.ts";
import { gatheringChoices, type GatheringFlags } from "./gathering.ts";
import { addMapFlags, readMapping, type MapFlags } from "./map-flags.ts";
import { addMirrorFlags } from "./mirror-flags.ts";
import { lockChoices, type LockFlags } from "./pack-lock.ts";
import { addContentFlags, readRecipe } from "./pack-recipe.ts";
import { isRecipeName, recipeHere, requireContent } from "./recipe-here.ts";
import {
  addRegistryFlags,
  chartAccess,
  registryAccess,
  type RegistryFlags,
} from "./registry-flags.ts";
import { addOutputFlags, type AddCommand, type Session, type SessionFlags } from "./session.ts";
import { listRepositoriesFlag, printRepositories, type RepositoryForm } from "./repository-list.ts";
import { paragraphs } from "./table.ts";
import { addTargetFileFlag, formatTaken, requireTarget, type TargetFlags } from "./target-flags.ts";

interface CopyFlags
  extends
    SessionFlags,
    GatheringFlags,
    RegistryFlags,
    MapFlags,
    TargetFlags,
    DeliveryFlags,
    LockFlags {
  readonly listRepositories?: RepositoryForm;
}

export const addCopyCommand: AddCommand = (program, start) => {
  const command = program
    .command("copy")
    .summary("gather images and charts straight into a registry")
    .description(
      "Gathers as pack does and delivers as push does, from registry to registry without a file " +
        "between: blobs stream from one to the other, what is there is not fetched, and within one " +
        "registry they are only linked. Tags come last. Flags of connections are for the target; " +
        "`source:` in the target file is for where it comes from.",
    )
    .usage("[options] [recipe] <target>")
    .argument("[recipe]", "a recipe; else bundle.yaml of this folder, as for pack")
    .argument("[target]", "REGISTRY[:PORT][/PREFIX]; without it that of the target file");
  addTargetFileFlag(command, start, ([first, last]) => wordsOf(first, last).target);
  addMapFlags(command);
  addDeliveryFlags(command).addOption(listRepositoriesFlag());
  addContentFlags(command);
  command.addOption(
    repeatable("--require-platform <platform>", "fail where an image is not for os/architecture"),
  );
  const sets = addDiscoveryFlags(command);
  command
    .optionsGroup("Digests of an earlier run:")
    .option("--lock <file>", "file with the digests that tags stood for")
    .option("--locked", "use the digests in the lock instead of asking what tags stand for");
  addTrustFlags(command, "Trust in bundles of --from:");
  addMirrorFlags(command);
  addStoreFlag(command);
  addRegistryFlags(command).addOption(immutableFlag());
  addOutputFlags(command);
  addExamples(command, [
    "dray copy bundle.yaml registry.internal:5000/mirror --dry-run",
    "dray copy --image quay.io/stackstate/wait:1.0.0 registry.internal:5000/mirror",
    "dray copy bundle.yaml registry.internal:5000/mirror --only '*/postgres:*' --receipt copied.json",
  ]);
  command.action(async (first: string | undefined, last: string | undefined, flags: CopyFlags) =>
    runCopy({ ...wordsOf(first, last), sets }, flags, await start(flags)),
  );
};

interface CopyWords {
  readonly recipePath: string | undefined;
  readonly target: string | undefined;
}

/** One word is the target, unless it is a file of recipes. */
function wordsOf(first: string | undefined, last: string | undefined): CopyWords {
  if (last !== undefined) return { recipePath: first, target: last };
  const isRecipe = first !== undefined && isRecipeName(first);
  return isRecipe
    ? { recipePath: first, target: undefined }
    : { recipePath: undefined, target: first };
}

async function runCopy(
  { recipePath: named, target, sets }: CopyWords & { readonly sets: readonly ValueSet[] },
  flags: CopyFlags,
  session: Session,
): Promise<void> {
  const { copyAll, listCopiedRepositories } = await import("../index.ts");
  await refuseReceiptOnStdout(flags);
  const place = await requireTarget(target, flags);
  const recipePath = await recipeHere(named, flags, session);
  await requireContent(recipePath, flags);
  const { lock, locked } = await lockChoices(recipePath, flags);
  const [host = ""] = place.replace(/^\w+:\/\//, "").split("/");
  const targetRegistry = await registryAccess(flags, session, [host]);
  const options = {
    recipe: await readRecipe(recipePath, flags, await readSets(sets, flags, session)),
    recipeName: recipePath,
    target: place,
    lock,
    locked,
    mapping: await readMapping(flags),
    ...(await gatheringChoices(flags, session)),
    ...deliveryTerms(flags),
    policy: flags.fromFile?.policy,
    ...(await sourceAccess(flags, session, { host, targetRegistry })),
    targetRegistry,
  };
  const { listRepositories: form, immutable } = flags;
  if (form !== undefined) {
    const list = await listCopiedRepositories(options, session.run);
    await printRepositories(list, { listRepositories: form, immutable }, session);
    return;
  }
  const taken = flags.dryRun === true ? flags.fromFile : undefined;
  const say = (report: CopyReport): Said => ({
    document: { ...report, ...(taken && { targetFile: taken }) },
    text: () => paragraphs([formatTaken(taken), renderCopy(report, flags)]),
  });
  await printDelivery(() => copyAll(options, session.run), say, session);
}

/** How the other side is reached: nothing that is said of the target, but its login where it is the same. */
async function sourceAccess(
  { fromFile, concurrency, retryFor, timeout, minRate }: CopyFlags,
  session: Session,
  { host, targetRegistry }: { host: string; targetRegistry: RegistryAccess },
): Promise<ChartAccess> {
  const { caFiles, tokenHosts, plainHttp } = fromFile?.source ?? {};
  const flags: RegistryFlags = {
    ...(caFiles && { caFile: caFiles }),
    ...(tokenHosts && { allowTokenHost: tokenHosts }),
    ...(plainHttp === undefined ? {} : { plainHttp }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(retryFor === undefined ? {} : { retryFor }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(minRate === undefined ? {} : { minRate }),
  };
  const { registry: open, repositories } = await chartAccess(flags, session, []);
  const access = await open();
  const { credentials } = access;
  const asked: RegistryAccess["credentials"] = async (registry, repository, options) => {
    const own = registry === host ? targetRegistry.credentials : credentials;
    return own?.(registry, repository, options);
  };
  const { limit } = targetRegistry;
  return { repositories, registry: { ...access, credentials: asked, limit } };
}

function renderCopy(report: CopyReport, { verifyTarget }: CopyFlags): string {
  const { artifacts, dryRun, name, version, registry, findings } = report;
  const readBack = verifyTarget === true ? "every byte" : "every manifest";
  const isWhole = artifacts.every(({ result }) => result !== "failed" && result !== "held");
  const done = dryRun
    ? `Nothing was sent to ${registry}.\n`
    : isWhole
      ? `${name} ${version} is in ${registry}; ${readBack} was read back.\n`
      : `${name} ${version} is in ${registry} in part.\n`;
  return paragraphs([
    formatNotes(findings),
    dryRun ? formatRehearsal(report) : formatArtifacts(report),
    formatRepositories(report),
    formatTotals(report) + done,
  ]);
}

/** A line for each artifact that would go. */
function formatRehearsal({ artifacts }: CopyReport): string {
  const lines = artifacts.map(({ reference, target, result }) => {
    if (result === "present") return `Already there: ${target} (dry-run)\n`;
    if (result === "failed") return `Cannot copy ${reference} to ${target} (dry-run)\n`;
    if (result === "held") return `Holding back ${reference} from ${target} (dry-run)\n`;
    return `Copying ${reference} to ${target} (dry-run)\n`;
  });
  return lines.join("");
}
