import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { newKey } from "../../fixtures/bundles.ts";
import type { TestRegistry } from "../../fixtures/registry.ts";
import { temporaryDirectory } from "../../fixtures/temporary-directory.ts";
import type { DrayEvent, RunOptions } from "../../src/events.ts";
import { pack, type PackOptions, type PackResult } from "../../src/stories/pack.ts";
import { push, type PushOptions, type PushReport } from "../../src/stories/push.ts";
import { parseImage, type Recipe } from "../../src/intake/recipe/recipe.ts";
import type { RegistryAccess } from "../../src/remote/registry/access.ts";
import type { TrustPolicy } from "../../src/trust/policy.ts";
import { QUICK } from "../remote/registry/lab.ts";

const SIGNER = newKey("stories.key");

/** Whom everybody here trusts. */
export const TRUST: TrustPolicy = { keys: [SIGNER.publicKey] };

/** Two directories and a registry to pack from. */
export interface Desk {
  readonly registry: TestRegistry;
  readonly store: string;
  readonly output: string;
  /** Where the output goes, and nothing else. */
  readonly directory: string;
}

export async function desk(registry: TestRegistry): Promise<Desk> {
  const directory = await temporaryDirectory();
  const store = join(await temporaryDirectory(), "store");
  return { registry, store, output: join(directory, "bundle.tar.gz"), directory };
}

/** Charts are packed without their images, unless they say otherwise. */
export function recipeOf({ charts = [], ...recipe }: Partial<Recipe>): Partial<Recipe> {
  return {
    name: "test",
    version: "1.0",
    charts: charts.map((chart) => ({ images: "none", ...chart })),
    ...recipe,
  };
}

export interface PackChanges extends Partial<Omit<PackOptions, "recipe" | "registry">>, RunOptions {
  readonly registry?: RegistryAccess;
  readonly recipe?: Partial<Recipe>;
}

/** Packs images of the desk's registry: `team/app:1.0`. */
export function packImages(
  { registry, store, output }: Desk,
  names: readonly string[],
  { recipe = {}, signal, onEvent, workDirectory, ...changes }: PackChanges = {},
): Promise<PackResult> {
  const images = names.map((name) => ({ reference: parseImage(`${registry.host}/${name}`) }));
  return pack(
    {
      recipe: recipeOf({ images, ...recipe }),
      store,
      output,
      force: true,
      signingKey: SIGNER,
      ...changes,
      registry: { ...QUICK, ...changes.registry },
    },
    { signal, onEvent, workDirectory },
  );
}

export type PushChanges = Partial<Omit<PushOptions, "path" | "target">> & RunOptions;

/** Pushes a bundle to `REGISTRY[/PREFIX]`. */
export async function pushBundle(
  path: string,
  target: string,
  { signal, onEvent, workDirectory, ...changes }: PushChanges = {},
): Promise<PushReport> {
  return push(
    {
      path,
      target,
      trust: TRUST,
      ...changes,
      registry: { ...QUICK, ...changes.registry },
    },
    { signal, onEvent, workDirectory: workDirectory ?? (await temporaryDirectory()) },
  );
}

/** Bytes of blobs that a registry has given, whole or in parts. */
export function blobBytesSent({ seen }: TestRegistry): number {
  return seen
    .filter(({ method, path }) => method === "GET" && path.includes("/blobs/"))
    .reduce((sum, { sent }) => sum + sent, 0);
}

/** Bytes of blobs and manifests that a registry was given. */
export function bytesReceived({ seen }: TestRegistry): number {
  return seen.reduce((sum, { received }) => sum + received, 0);
}

/** Every file below a directory, by path. */
export async function filesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

export function typesOf(events: readonly DrayEvent[]): string[] {
  return [...new Set(events.map(({ type }) => type))].toSorted();
}
