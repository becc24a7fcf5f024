import { isDeepStrictEqual } from "node:util";
import { makeImage, makeLayer, pushImage, type MadeImage } from "../../fixtures/images.ts";
import { atMost } from "../../src/content/concurrency.ts";
import { GraphCopy } from "../../src/content/copy.ts";
import { readVerified } from "../../src/content/verify.ts";
import type { Listener } from "../../src/events.ts";
import { ImageLayout } from "../../src/layout/layout.ts";
import type { Clock } from "../../src/remote/http/clock.ts";
import type { CredentialStore } from "../../src/remote/registry/credentials.ts";
import { RegistryPool } from "../../src/remote/registry/pool.ts";
import type { Repository } from "../../src/remote/registry/repository.ts";
import { listTags } from "../../src/remote/registry/tags.ts";

export const LOGIN = { username: "alice", password: "xyzzy-plugh-1977" } as const;
export const TAGS = ["1", "2", "3"];

/** A registry, and how its client behaves. */
export interface Desk {
  readonly host: string;
  /** What a request waits in all, in milliseconds of a clock that is put forward. */
  readonly retryFor?: number;
  readonly onEvent?: Listener;
}

/** Looks whether the content is right, when the registry behaves again. */
export type Check = () => Promise<void>;

export async function pulled(
  desk: Desk,
  { root, blobs }: MadeImage,
  directory: string,
): Promise<Check> {
  const layout = await ImageLayout.create(directory);
  await withRepository(desk, "team/app", async (repository) => {
    const found = await repository.resolve("1");
    await new GraphCopy(repository, layout, { limit: atMost(3) }).copy(found);
  });
  return async () => {
    for (const { descriptor } of [root, ...blobs]) await readVerified(layout, descriptor);
  };
}

export async function pushed(desk: Desk, run: number): Promise<Check> {
  const image = makeImage([makeLayer(`pushed-${run}`, 60_000)]);
  const name = `run/${run}`;
  await withRepository(desk, name, (repository) => pushImage(repository, image, "1"));
  return () =>
    withRepository(desk, name, async (repository) => {
      const found = await repository.resolve("1");
      if (found.digest !== image.root.descriptor.digest) throw new Error("the tag is another's");
      for (const { descriptor } of [image.root, ...image.blobs]) {
        await readVerified(repository, descriptor);
      }
    });
}

export async function listed(desk: Desk): Promise<Check> {
  const found = await withRepository(desk, "team/app", (repository) =>
    listTags(repository, undefined),
  );
  return async () => {
    if (!isDeepStrictEqual(found.toSorted(), TAGS)) throw new Error(`found ${found.join()}`);
  };
}

const credentials: CredentialStore = async () => ({ kind: "password", ...LOGIN });

/** A client for one run, on a clock that is put forward instead of waiting. */
export async function withRepository<T>(
  { host, retryFor, onEvent }: Desk,
  repository: string,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  let now = Date.now();
  const clock: Clock = {
    now: () => now,
    async sleep(milliseconds) {
      now += milliseconds;
    },
  };
  // What never comes is soon given up; on a slow machine that is one misdeed more, and passes.
  const pool = new RegistryPool(
    { clock, retryFor, credentials, idleTimeout: 150, answerTimeout: 250 },
    { side: "source", onEvent },
  );
  try {
    return await work(pool.repository({ registry: host, repository }, "pull,push"));
  } finally {
    await pool.close();
  }
}
