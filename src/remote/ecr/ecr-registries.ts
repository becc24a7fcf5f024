import type { Listener } from "../../events.ts";
import type { NetworkAccess } from "../http/network-access.ts";
import type { EcrApi, EcrToken } from "./ecr-api.ts";
import { parseEcrHost, type EcrHost } from "./ecr-host.ts";

export interface EcrOptions {
  readonly access: NetworkAccess;
  /** Instead of each region's own API. */
  readonly endpoint?: string | undefined;
  readonly onEvent?: Listener | undefined;
}

/** Asked for again so long before it ends, so that a request on its way does not outlive it. */
const MARGIN = 5 * 60_000;

/** What registries of ECR need beyond the protocol. The SDK is loaded when the first is met. */
export class EcrRegistries {
  readonly #options: EcrOptions;
  readonly #apis = new Map<string, Promise<EcrApi>>();
  /** The newest of each registry. */
  readonly #tokens = new Map<string, Promise<EcrToken>>();
  /** What each asker has got last. */
  readonly #given = new Map<string, Promise<EcrToken>>();

  constructor(options: EcrOptions) {
    this.#options = options;
  }

  /**
   * A login for a private registry; undefined for other hosts. `isFresh` says that what this asker got
   * was refused: it gets a newer one, and a hundred askers get the same newer one.
   */
  async login(
    registry: string,
    { asker, isFresh = false }: { asker: string; isFresh?: boolean | undefined },
  ): Promise<EcrToken | undefined> {
    const host = parseEcrHost(registry);
    if (host === undefined) return undefined;
    const key = `${registry} ${asker}`;
    const newest = this.#tokens.get(registry);
    const isRefused = isFresh && newest === this.#given.get(key);
    const isGood = newest !== undefined && !isRefused && !(await endsSoon(newest));
    const token = isGood ? newest : this.#newerThan(newest, host);
    this.#given.set(key, token);
    return token;
  }

  /** True for registries that make no repository by themselves, and where this can. */
  makesAt(registry: string): boolean {
    return parseEcrHost(registry) !== undefined;
  }

  async make(
    registry: string,
    repository: string,
    options: { isImmutable: boolean; signal?: AbortSignal | undefined },
  ): Promise<void> {
    const host = parseEcrHost(registry);
    if (host === undefined) throw new Error(`${registry} makes its repositories by itself`);
    const api = await this.#api(host);
    await api.makeRepository(repository, options);
  }

  #newerThan(old: Promise<EcrToken> | undefined, host: EcrHost): Promise<EcrToken> {
    const { registry } = host;
    const known = this.#tokens.get(registry);
    if (known !== undefined && known !== old) return known;
    const token = this.#api(host).then((api) => api.token());
    this.#tokens.set(registry, token);
    token.catch(() => this.#tokens.delete(registry));
    return token;
  }

  #api(host: EcrHost): Promise<EcrApi> {
    const known = this.#apis.get(host.registry);
    if (known !== undefined) return known;
    const opening = import("./ecr-api.ts").then(({ EcrApi: Api }) => new Api(host, this.#options));
    this.#apis.set(host.registry, opening);
    return opening;
  }
}

async function endsSoon(token: Promise<EcrToken>): Promise<boolean> {
  return (await token).expires - MARGIN < Date.now();
}
