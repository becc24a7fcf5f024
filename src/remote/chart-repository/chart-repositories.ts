import { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import type { NetworkAccess } from "../http/network-access.ts";
import { ChartRepository } from "./chart-repository.ts";
import type { KnownRepositories } from "./repository-login.ts";
import { parseRepositoryUrl } from "./repository-address.ts";

export interface ChartRepositoriesOptions {
  readonly known?: KnownRepositories | undefined;
  /** Directory for what is asked for again and again. @default nothing is kept */
  readonly cache?: string | undefined;
  readonly onEvent?: Listener | undefined;
}

/** One client for each chart repository that a command speaks to. */
export class ChartRepositories {
  readonly #access: NetworkAccess;
  readonly #options: ChartRepositoriesOptions;
  readonly #clients = new Map<string, Promise<ChartRepository>>();

  constructor(access: NetworkAccess, options: ChartRepositoriesOptions) {
    this.#access = access;
    this.#options = options;
  }

  /** By `https://…` or `@NAME`. @throws DrayError `DRAY_CHART_REPOSITORY_UNKNOWN` */
  async open(address: string): Promise<ChartRepository> {
    const url = parseRepositoryUrl(await this.#urlOf(address));
    const opening = this.#clients.get(url.href) ?? this.#connect(url);
    this.#clients.set(url.href, opening);
    return opening;
  }

  /** True if Helm's configuration has the `@NAME`. */
  async knows(address: string): Promise<boolean> {
    return (await this.#options.known?.urlOf(address.slice(1))) !== undefined;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#clients.values());
    for (const client of opened) if (client.status === "fulfilled") await client.value.close();
  }

  async #connect(url: URL): Promise<ChartRepository> {
    const { known, cache, onEvent } = this.#options;
    const login = (await known?.login(url)) ?? {};
    return new ChartRepository(url, { access: this.#access, login, cache, onEvent });
  }

  async #urlOf(address: string): Promise<string> {
    if (!address.startsWith("@")) return address;
    const found = await this.#options.known?.urlOf(address.slice(1));
    if (found?.startsWith("oci://") === true) throw behindAlias(address, found);
    if (found !== undefined) return found;
    throw new DrayError(
      "DRAY_CHART_REPOSITORY_UNKNOWN",
      `Cannot find chart repository ${JSON.stringify(address)}: Helm's configuration does not name it`,
      { kind: "usage", hint: "Use `helm repo add`, or write the address itself." },
    );
  }
}

/** Helm has no names for registries. */
function behindAlias(address: string, url: string): DrayError {
  return new DrayError(
    "DRAY_CHART_REPOSITORY_INVALID",
    `Cannot use chart repository ${JSON.stringify(address)}: it stands for a registry, and Helm takes that by its own name alone`,
    { kind: "usage", hint: `Write ${url.replace(/[?#].*$/, "").replace(/\/+$/, "")}/CHART.` },
  );
}
