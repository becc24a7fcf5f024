import { append } from "../content/append.ts";
import { requireUsable } from "../bundle/opened.ts";
import type { Mapping } from "../delivery/mapping.ts";
import { nameAt, type Nameable, type PushTarget } from "../delivery/names.ts";
import { parsePushTarget } from "../delivery/plan.ts";
import type { DiscoverySettings } from "../discover/find-images.ts";
import { startRun, type Run, type RunOptions } from "../events.ts";
import { NOTHING, type Recipe } from "../intake/recipe/recipe.ts";
import type { Resolved } from "../intake/resolve.ts";
import { requirePlaceAndRoom } from "../intake/room.ts";
import { accessOf, openSources, type ChartAccess } from "../intake/sources.ts";
import { checkLogin } from "../remote/preflight/check-login.ts";
import { checkSources } from "../intake/preflight/check-sources.ts";
import { checkTarget } from "../delivery/preflight/check-target.ts";
import { checkWays } from "../remote/preflight/check-ways.ts";
import { gatherWanted, type Gathered } from "../intake/preflight/gather-wanted.ts";
import {
  addContacts,
  failedCheck,
  HostTable,
  type HostReport,
  type PreflightCheck,
} from "../remote/preflight/host-table.ts";
import { refusalOf } from "../remote/preflight/refusal.ts";
import { Contacts } from "../remote/http/contacts.ts";
import type { RegistryAccess } from "../remote/registry/access.ts";
import type { TrustPolicy } from "../trust/policy.ts";
import { RegistryPool } from "../remote/registry/pool.ts";
import { withBundle } from "./open-bundle.ts";

export interface PreflightOptions extends ChartAccess {
  /** What would be packed. @default nothing */
  readonly recipe?: Partial<Recipe> | undefined;
  /** `REGISTRY[/PREFIX]` that would be pushed to. @default nowhere */
  readonly target?: string | undefined;
  /** How names would change on the way there. @default the host of their registry is dropped */
  readonly mapping?: Mapping | undefined;
  readonly discovery?: DiscoverySettings | undefined;
  /** Directory of a content store. @default none */
  readonly store?: string | undefined;
  /** File that the bundle would be written to. @default one in the directory of this process */
  readonly output?: string | undefined;
  /** Who must have signed the bundles of the recipe's `from`. @default nobody: only their names are read */
  readonly trust?: TrustPolicy | undefined;
  /** Begin an upload in each target repository that is there, and cancel it. @default false */
  readonly tryWrite?: boolean | undefined;
}

export interface PreflightReport {
  readonly hosts: readonly HostReport[];
  /** Charts, and what was looked at on this host. */
  readonly here: readonly PreflightCheck[];
  /** True if nothing would fail. */
  readonly good: boolean;
}

/**
 * Asks everybody beforehand whom packing a recipe and pushing to a target would ask: how they are
 * reached, who they are, and what they let this account do. Nothing is changed anywhere.
 */
export async function preflight(
  options: PreflightOptions,
  runOptions: RunOptions = {},
): Promise<PreflightReport> {
  const run = startRun(runOptions);
  const target = options.target === undefined ? undefined : parsePushTarget(options.target);
  const given = await accessOf(options);
  const contacts = given.contacts ?? new Contacts();
  // What does not answer now is what somebody wants to hear of.
  const access: RegistryAccess = { ...given, contacts, retryFor: 0 };
  const table = new HostTable();
  const work: Work = { options, access, table, run };
  const { gathered, resolved } = await checkRecipe(work);
  const packed = await readPacked(work);
  if (target !== undefined) {
    await checkDestination(target, [...namesOf(gathered), ...packed.names], work);
  }
  addContacts(table, contacts);
  await checkWays(table, access, run.signal);
  const charts = gathered.charts.map(({ artifact }) => artifact);
  const space = await checkSpace([...resolved, ...charts], work);
  const here = [...gathered.checks, ...packed.checks, space];
  const hosts = table.report();
  const needed = hosts.filter(({ optional }) => !optional).flatMap(({ checks }) => checks);
  return { hosts, here, good: [...here, ...needed].every(({ verdict }) => verdict !== "failed") };
}

interface Work {
  readonly options: PreflightOptions;
  readonly access: RegistryAccess;
  readonly table: HostTable;
  readonly run: Run;
}

async function checkRecipe({
  options,
  access,
  table,
  run,
}: Work): Promise<{ gathered: Gathered; resolved: Resolved[] }> {
  const recipe = { ...NOTHING, ...options.recipe };
  const { repositories, store, mirrors = [] } = options;
  const places = { mirrors: [...mirrors, ...recipe.mirrors], chartRoot: recipe.chartRoot };
  const sources = openSources({ registry: access, repositories, store, ...places }, run);
  try {
    const registries = await sources.registries();
    const gathered = await gatherWanted(recipe, options.discovery, sources);
    for (const { reference } of gathered.optional) {
      for (const { repository } of registries.places(reference)) {
        table.add(repository.client.origin, "source registry", { isOptional: true });
      }
    }
    const resolved = await checkSources(gathered.wanted, sources, table);
    for (const client of registries.clients()) {
      if (table.has(client.origin)) await checkLogin(client, { access, table, signal: run.signal });
    }
    return { gathered, resolved };
  } finally {
    await sources.close();
  }
}

/** What is packed already asks nothing of any source and has a place at the target. */
async function readPacked({
  options: { recipe, trust },
  run,
}: Work): Promise<{ names: Nameable[]; checks: PreflightCheck[] }> {
  const names: Nameable[] = [];
  const checks: PreflightCheck[] = [];
  for (const path of recipe?.from ?? []) {
    const bundle = { path, names: recipe?.names, trust: trust ?? { allowUnsigned: true } };
    const error = await refusalOf(
      () =>
        withBundle({ ...bundle, content: "head", blobs: "elsewhere" }, run, async (opened) => {
          const { artifacts } = requireUsable(path, opened).contents;
          append(names, artifacts);
          const signed = trust === undefined ? "" : " and is signed by who is trusted";
          const detail = `can be read${signed}, artifacts: ${artifacts.length}`;
          checks.push({ check: "bundle", verdict: "ok", about: path, detail });
        }),
      run.signal,
    );
    if (error !== undefined) checks.push(failedCheck("bundle", error, path));
  }
  return { names, checks };
}

async function checkDestination(
  target: PushTarget,
  names: readonly Nameable[],
  { options, access, table, run: { signal, onEvent } }: Work,
): Promise<void> {
  const { mapping = {}, tryWrite = false } = options;
  const repositories = [
    ...new Set(names.map((one) => nameAt(one, { target, mapping }).repository)),
  ];
  const pool = new RegistryPool(access, { side: "target", onEvent });
  try {
    const { registry } = target;
    await checkTarget({ registry, repositories, tryWrite, signal }, pool, table);
    await checkLogin(pool.client(registry), { access, table, signal });
  } finally {
    await pool.close();
  }
}

/** Whether what would be fetched and written has a place, and room there. */
async function checkSpace(
  resolved: readonly Resolved[],
  { options, run }: Work,
): Promise<PreflightCheck> {
  let detail = "";
  const error = await refusalOf(async () => {
    const { bundle, download } = await requirePlaceAndRoom(resolved, options);
    const stored = options.store === undefined ? "" : `${download} bytes in the store and `;
    detail = `${stored}${bundle} bytes of content for the bundle have room`;
  }, run.signal);
  return error === undefined
    ? { check: "space", verdict: "ok", detail }
    : failedCheck("space", error);
}

/** What cannot be had has a place at the target all the same. */
function namesOf({ wanted, charts }: Gathered): Nameable[] {
  return [
    // Only what is written is named by its digest, and nothing is.
    ...wanted.map(({ name }) => ({ kind: "image" as const, reference: name, digest: "" })),
    ...charts.map(({ artifact, chart: { metadata } }) => ({
      kind: "chart" as const,
      reference: artifact.name,
      digest: artifact.root.descriptor.digest,
      name: metadata.name,
      version: metadata.version,
    })),
  ];
}
