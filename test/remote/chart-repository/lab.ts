import { onTestFinished } from "vitest";
import { TestChartRepository } from "../../../fixtures/chart-repository.ts";
import type { KeyAndCertificate } from "../../../fixtures/loopback-server.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import {
  ChartRepository,
  type ChartRepositoryOptions,
} from "../../../src/remote/chart-repository/chart-repository.ts";
import type { RepositoryLogin } from "../../../src/remote/chart-repository/known-repositories.ts";
import { shortDelay } from "../registry/lab.ts";

/** A repository that runs until the test ends. */
export async function startRepository(tls?: KeyAndCertificate): Promise<TestChartRepository> {
  const repository = await TestChartRepository.start(tls);
  onTestFinished(() => repository.stop());
  return repository;
}

export type ClientOptions = Partial<ChartRepositoryOptions> & { readonly login?: RepositoryLogin };

/** A client that waits hardly at all, and closes when the test ends. */
export async function clientOf(
  url: string,
  { login = {}, ...options }: ClientOptions = {},
): Promise<ChartRepository> {
  const cache = options.cache ?? (await temporaryDirectory());
  const client = new ChartRepository(new URL(url), login, {
    retryDelay: shortDelay,
    ...options,
    cache,
  });
  onTestFinished(() => client.close());
  return client;
}
