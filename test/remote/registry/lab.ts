import type { RequestListener } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  startLoopbackServer,
  type KeyAndCertificate,
  type LoopbackServer,
} from "../../../fixtures/loopback-server.ts";
import { makeImage, makeLayer, pushImage, type MadeImage } from "../../../fixtures/images.ts";
import { TestRegistry, type Door } from "../../../fixtures/registry.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { collect } from "../../../src/content/content.ts";
import { verified } from "../../../src/content/verify.ts";
import type { DrayEvent, Listener } from "../../../src/events.ts";
import type { Descriptor } from "../../../src/oci/descriptor.ts";
import type { ClientOptions, RegistryAccess } from "../../../src/remote/registry/access.ts";
import type { Credentials, CredentialStore } from "../../../src/remote/registry/credentials.ts";
import { RegistryPool } from "../../../src/remote/registry/pool.ts";
import type { Repository } from "../../../src/remote/registry/repository.ts";

/** A registry that runs until the test ends. */
export async function startRegistry(
  options: { tls?: KeyAndCertificate; door?: Door } = {},
): Promise<TestRegistry> {
  const directory = join(await temporaryDirectory(), "layout");
  const registry = await TestRegistry.start({ directory, ...options });
  onTestFinished(() => registry.stop());
  return registry;
}

/** Some other host, until the test ends. */
export async function startHost(
  listener: RequestListener,
  tls?: KeyAndCertificate,
): Promise<LoopbackServer> {
  const server = await startLoopbackServer(listener, tls);
  onTestFinished(() => server.stop());
  return server;
}

/** What a test says of its client beside what it needs. */
export interface LabOptions extends RegistryAccess {
  readonly side?: ClientOptions["side"];
  readonly onEvent?: Listener;
}

/**
 * Waits hardly at all between attempts, and as long as it is asked to in thousandths; each wait counts
 * for 100 ms, so there are six attempts.
 */
export const QUICK = {
  retryDelay: (_attempt: number, retryAfter: string | undefined): number =>
    retryAfter === undefined ? 1 : Number(retryAfter),
  retryFor: 500,
};

/** How often `QUICK` tries. */
export const QUICK_ATTEMPTS = 6;

export function startPool({ side = "source", onEvent, ...access }: LabOptions = {}): RegistryPool {
  const pool = new RegistryPool({ ...QUICK, ...access }, { side, onEvent });
  onTestFinished(() => pool.close());
  return pool;
}

/** A repository of a test registry, seen by a client that waits hardly at all. */
export function repositoryOf(
  { host }: { readonly host: string },
  { name = "team/app", ...options }: LabOptions & { name?: string } = {},
): Repository {
  return startPool(options).repository({ registry: host, repository: name }, "pull,push");
}

/** Puts an image into a registry, from behind its door and untouched by faults. */
export async function fill(
  registry: TestRegistry,
  image: MadeImage,
  name = "team/app:1.0",
): Promise<Descriptor> {
  const [repository = "", tag = ""] = name.split(":");
  const { door } = registry;
  registry.door = undefined;
  const pool = new RegistryPool({ insecureSkipTlsVerify: true }, { side: "target" });
  try {
    const target = { registry: registry.host, repository };
    return await pushImage(pool.repository(target, "pull,push"), image, tag);
  } finally {
    await pool.close();
    registry.door = door;
    registry.forget();
  }
}

/** An image with one layer of `size` bytes or a little more. */
export function oneLayerImage(seed: string, size = 64 * 1024): MadeImage & { layer: Descriptor } {
  const layer = makeLayer(seed, size);
  return { ...makeImage([layer]), layer: layer.descriptor };
}

/** Reads a blob or manifest whole and verified. */
export function read(repository: Repository, descriptor: Descriptor): Promise<Buffer> {
  const content = repository.fetch(descriptor);
  return collect(verified(content, descriptor, { from: repository.name }));
}

/** A login for one registry. */
export function login(username: string, password: string): CredentialStore {
  return always({ kind: "password", username, password });
}

export function always(credentials: Credentials): CredentialStore {
  return async () => credentials;
}

/** Listens, and keeps what it hears. */
export function listening(): { events: DrayEvent[]; onEvent: (event: DrayEvent) => void } {
  const events: DrayEvent[] = [];
  return { events, onEvent: (event) => events.push(event) };
}
