import { onTestFinished } from "vitest";
import { TestChartRepository } from "../../../fixtures/chart-repository.ts";
import type { KeyAndCertificate } from "../../../fixtures/loopback-server.ts";
import { temporaryDirectory } from "../../../fixtures/temporary-directory.ts";
import { ChartRepository } from "../../../src/remote/chart-repository/chart-repository.ts";
import type { RepositoryLogin } from "../../../src/remote/chart-repository/repository-login.ts";
import type { NetworkAccess } from "../../../src/remote/http/network-access.ts";
import { QUICK } from "../registry/lab.ts";

/** A repository that runs until the test ends. */
export async function startRepository(tls?: KeyAndCertificate): Promise<TestChartRepository> {
  const repository = await TestChartRepository.start(tls);
  onTestFinished(() => repository.stop());
  return repository;
}

export interface LabOptions extends NetworkAccess {
  readonly login?: RepositoryLogin;
  readonly cache?: string;
}

/** A client that waits hardly at all, and closes when the test ends. */
export async function clientOf(
  url: string,
  { login = {}, cache, ...access }: LabOptions = {},
): Promise<ChartRepository> {
  const client = new ChartRepository(new URL(url), {
    access: { ...QUICK, ...access },
    login,
    cache: cache ?? (await temporaryDirectory()),
  });
  onTestFinished(() => client.close());
  return client;
}
