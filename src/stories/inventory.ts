import { append } from "../content/append.ts";
import { forAll } from "../content/concurrency.ts";
import { requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import {
  formatInventory,
  type Inventory,
  type InventoryBlob,
} from "../delivery/inventory-document.ts";
import { matchesPattern } from "../delivery/choose.ts";
import { formatTarget, parseTarget } from "../delivery/plan.ts";
import { takeStock, type RepositoryStock } from "../delivery/take-inventory.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { DrayError } from "../errors.ts";
import type { Finding } from "../finding.ts";
import type { Digest } from "../oci/digest.ts";
import { repositoryProblem } from "../oci/reference.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import { listCatalog } from "../remote/registry/catalog.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import { VERSION } from "../version.ts";

export interface InventoryOptions {
  /** `REGISTRY[/PREFIX]`: nothing beside the prefix is looked at. */
  readonly target: string;
  /** Repositories, or patterns of them with `*` and `?`. @default all that the registry lists */
  readonly repositories?: readonly string[] | undefined;
  /** File to write; one that is there is replaced. */
  readonly output: string;
  /** Ask for all of it and write nothing. @default false */
  readonly dryRun?: boolean | undefined;
  readonly registry?: RegistryAccess | undefined;
}

export interface InventoryReport {
  readonly target: string;
  /** The file, as it was given. */
  readonly output: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly repositories: number;
  readonly tags: number;
  readonly blobs: number;
  /** Bytes of all blobs, each once. */
  readonly bytes: number;
  readonly findings: readonly Finding[];
  readonly dryRun: boolean;
}

/**
 * Writes down what a registry has: tags, digests, blobs and their sizes. Every blob is asked for. Nothing
 * is changed at the registry.
 *
 * @throws DrayError `DRAY_TARGET_INVALID`, `DRAY_REFERENCE_INVALID`, `DRAY_JSON_TOO_LARGE`, `DRAY_PATTERN_UNUSED`, `DRAY_OUTPUT_REFUSED`, RegistryError
 */
export async function inventory(
  options: InventoryOptions,
  runOptions: RunOptions = {},
): Promise<InventoryReport> {
  const run = startRun(runOptions);
  const { output, dryRun = false } = options;
  const target = parseTarget(options.target);
  await requirePlace(output, "inventory");
  const pool = new RegistryPool(options.registry ?? {}, { side: "target", onEvent: run.onEvent });
  try {
    const names = await namesOf(options, pool, run);
    run.onEvent({ type: "stage", stage: "inventory" });
    const { registry } = target;
    const stock = await forAll(names, run.signal, (repository, signal) =>
      takeStock(pool.repository({ registry, repository }), { ...run, signal }),
    );
    const found = documentOf(target.registry, stock);
    const bytes = formatInventory(found);
    if (!dryRun) await replaceFile(output, bytes);
    const { findings, ...counts } = reportOf(found, stock);
    const all = [...findings, ...unseen(stock, options)];
    const size = bytes.length;
    return { target: formatTarget(target), output, size, ...counts, findings: all, dryRun };
  } finally {
    await pool.close();
  }
}

/** What is named in full is asked for by itself; for patterns the registry has to list what it has. */
async function namesOf(
  { target: text, repositories: wanted = [] }: InventoryOptions,
  pool: RegistryPool,
  { signal }: Run,
): Promise<string[]> {
  const { registry, prefix } = parseTarget(text);
  const below = prefix === "" ? "" : `${prefix}/`;
  const exact = wanted.filter((one) => !/[*?]/.test(one)).map((one) => below + one);
  for (const name of exact) requireRepository(name, registry);
  const patterns = wanted.filter((one) => /[*?]/.test(one)).map((one) => below + one);
  if (wanted.length > 0 && patterns.length === 0) return [...new Set(exact)].toSorted();
  const listed = (await listCatalog(pool.client(registry), signal)).filter((name) =>
    name.startsWith(below),
  );
  const unused = patterns.find((one) => !listed.some((name) => matchesPattern(name, one)));
  if (unused !== undefined) throw unusedPattern(unused, listed);
  const chosen =
    wanted.length === 0
      ? listed
      : listed.filter((name) => patterns.some((one) => matchesPattern(name, one)));
  return [...new Set([...exact, ...chosen])].toSorted();
}

function requireRepository(name: string, registry: string): void {
  const problem = repositoryProblem(name, registry);
  if (problem === undefined) return;
  throw new DrayError("DRAY_REFERENCE_INVALID", `Cannot take an inventory: ${problem}`, {
    kind: "usage",
    hint: "Name repositories as the registry does, without its host: team/app.",
  });
}

function unusedPattern(pattern: string, listed: readonly string[]): DrayError {
  const some = listed.slice(0, 5).join(", ");
  return new DrayError(
    "DRAY_PATTERN_UNUSED",
    `Cannot take an inventory: no repository matches ${JSON.stringify(pattern)}`,
    {
      kind: "usage",
      hint:
        listed.length === 0
          ? "The registry lists none there."
          : `There are ${some}${listed.length > 5 ? ", …" : "."}`,
    },
  );
}

function documentOf(registry: string, stock: readonly RepositoryStock[]): Inventory {
  const sizes = new Map<Digest, number>();
  for (const { blobs } of stock)
    for (const { digest, size } of blobs.values()) sizes.set(digest, size);
  const blobs: InventoryBlob[] = [...sizes]
    .map(([digest, size]) => ({ digest, size }))
    .toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  const numbers = new Map(blobs.map(({ digest }, number) => [digest, number]));
  return {
    inventoryVersion: 1,
    generator: `dray ${VERSION}`,
    taken: new Date().toISOString(),
    registry,
    repositories: stock.map((one) => ({
      name: one.name,
      tags: Object.fromEntries([...one.tags].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      blobs: [...one.blobs.keys()]
        .flatMap((digest) => numbers.get(digest) ?? [])
        .toSorted((a, b) => a - b),
    })),
    blobs,
  };
}

/** Whoever names a repository in full expects something there: a slip of the pen is said. */
function unseen(
  stock: readonly RepositoryStock[],
  { target, repositories = [] }: InventoryOptions,
): Finding[] {
  const { prefix } = parseTarget(target);
  const named = new Set(repositories.map((one) => (prefix === "" ? one : `${prefix}/${one}`)));
  return stock
    .filter(({ name, tags, findings }) => named.has(name) && tags.size + findings.length === 0)
    .map(({ name }) => ({
      code: "INVENTORY_INCOMPLETE",
      severity: "warning",
      entry: name,
      message: `${name}: it has no tag, or is not there`,
      hint: "Check the name: it counts from the prefix of the target.",
    }));
}

function reportOf(
  { repositories, blobs }: Inventory,
  stock: readonly RepositoryStock[],
): Omit<InventoryReport, "target" | "output" | "size" | "dryRun"> {
  const findings: Finding[] = [];
  for (const one of stock) append(findings, one.findings);
  return {
    repositories: repositories.length,
    tags: stock.reduce((sum, { tags }) => sum + tags.size, 0),
    blobs: blobs.length,
    bytes: blobs.reduce((sum, { size }) => sum + size, 0),
    findings,
  };
}
