import type { Agent, ProxyAgent } from "undici";
import { CONNECT_TIMEOUT } from "./connection-failure.ts";
import { watchTunnels } from "./proxy-failure.ts";
import { proxyFor } from "./proxy.ts";
import { lendingConnector } from "./read-memory.ts";
import { secureContextFor } from "./secure-context.ts";
import type { NetworkAccess } from "./network-access.ts";

/** Less than what servers and the balancers before them grant to an idle connection. */
const KEEP_ALIVE_TIMEOUT = 30_000;

type Dispatcher = Agent | ProxyAgent;

/** The connections of one client, kept by origin and used again. */
export class Dispatchers {
  readonly #access: NetworkAccess;
  readonly #made = new Map<string, Promise<Dispatcher>>();
  #tls: TlsOptions | undefined;

  constructor(access: NetworkAccess) {
    this.#access = access;
  }

  for(url: URL): Promise<Dispatcher> {
    const known = this.#made.get(url.origin);
    if (known !== undefined) return known;
    const made = this.#make(url);
    this.#made.set(url.origin, made);
    made.catch(() => this.#made.delete(url.origin));
    return made;
  }

  /** The proxy that is spoken to instead of a host in plain http; tunnels watch themselves. */
  forwarding(url: URL): URL | undefined {
    const proxy = proxyFor(url, this.#access.proxy ?? {});
    return proxy === undefined || url.protocol === "https:" ? undefined : new URL(proxy);
  }

  async close(): Promise<void> {
    for (const dispatcher of this.#made.values()) await (await dispatcher).destroy();
    this.#made.clear();
  }

  async #make(url: URL): Promise<Dispatcher> {
    const undici = await import("undici");
    const { Agent: DirectAgent, Pool, ProxyAgent: TunnelAgent } = undici;
    const common = { connectTimeout: CONNECT_TIMEOUT, keepAliveTimeout: KEEP_ALIVE_TIMEOUT };
    const proxy = proxyFor(url, this.#access.proxy ?? {});
    const isSecure = url.protocol === "https:" || proxy?.startsWith("https:") === true;
    // Certificates are not parsed for a connection that has none.
    const forAll = isSecure ? (this.#tls ??= tlsOptions(this.#access)) : {};
    const own = isSecure ? await accessTo(url, this.#access) : this.#access;
    const tls = own === this.#access ? forAll : tlsOptions(own);
    if (proxy === undefined) {
      const timeout = CONNECT_TIMEOUT;
      const connect = isSecure
        ? { ...tls, timeout }
        : lendingConnector(undici.buildConnector, { timeout });
      return new DirectAgent({ ...common, connect });
    }
    // Proxies let CONNECT through to the ports of https alone: plain http is not tunneled.
    const proxyTunnel = url.protocol === "https:";
    return new TunnelAgent({
      ...common,
      uri: proxy,
      proxyTunnel,
      requestTls: tls,
      proxyTls: forAll,
      clientFactory: (origin, options) => watchTunnels(new Pool(origin, options), origin),
    });
  }
}

interface TlsOptions {
  readonly rejectUnauthorized?: boolean;
  readonly secureContext?: ReturnType<typeof secureContextFor>;
}

/** Whom this host is trusted by, and what it is shown. */
export async function accessTo(url: URL, access: NetworkAccess): Promise<NetworkAccess> {
  const own = await access.hostCertificates?.(url);
  if (own === undefined) return access;
  return {
    ...access,
    ca: own.ca.length === 0 ? access.ca : [...(access.ca ?? []), ...own.ca],
    certificate: access.certificate ?? own.certificate,
  };
}

/** How the certificate of a host is judged. */
export function tlsOptions(access: NetworkAccess): TlsOptions {
  const secureContext = secureContextFor(access);
  return {
    rejectUnauthorized: access.insecureSkipTlsVerify !== true,
    ...(secureContext === undefined ? {} : { secureContext }),
  };
}
