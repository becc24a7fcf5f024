import { BlockList, isIP } from "node:net";
import { DrayError } from "../../errors.ts";
import { bareHost, isLoopback, portOf } from "./address.ts";

/** The values of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. */
export interface ProxyOptions {
  readonly https?: string | undefined;
  readonly http?: string | undefined;
  /** For what has none of its own. */
  readonly all?: string | undefined;
  readonly no?: string | undefined;
}

/**
 * The proxy that requests to `url` go through, or undefined for a direct connection. To this very
 * host the way is always direct: a proxy would look on its own.
 *
 * @throws DrayError `DRAY_PROXY_INVALID`
 */
export function proxyFor(
  url: URL,
  { https, http, all, no = "" }: ProxyOptions,
): string | undefined {
  const isSecure = url.protocol === "https:";
  const own = isSecure ? https : http;
  const proxy = own || all;
  if (proxy === undefined || proxy === "" || isLoopback(url)) return undefined;
  const exceptions = no.split(/[\s,]+/).filter((item) => item !== "");
  if (exceptions.some((exception) => isException(url, exception.toLowerCase()))) return undefined;
  const variable = isSecure ? "HTTPS_PROXY" : "HTTP_PROXY";
  return checked(proxy, own ? variable : "ALL_PROXY");
}

/** An address may have a login in it, so an error does not repeat it. */
function checked(proxy: string, variable: string): string {
  const address = proxy.includes("://") ? proxy : `http://${proxy}`;
  const scheme = URL.canParse(address) ? new URL(address).protocol : undefined;
  if (scheme === "http:" || scheme === "https:") return address;
  const isSocks = /^socks[45]?[ah]?:$/.test(scheme ?? "");
  const found = scheme === undefined ? "what is no address" : `the scheme ${scheme}`;
  throw new DrayError(
    "DRAY_PROXY_INVALID",
    `Cannot use the proxy of ${variable}: expected http://HOST:PORT, found ${found}`,
    {
      kind: "usage",
      hint: isSocks
        ? "SOCKS proxies are not supported: name one that speaks HTTP, or a local one that passes on to it."
        : "Correct the variable, or unset it where no proxy is needed.",
    },
  );
}

/** `*`, `host`, `.suffix`, `*.suffix`, `host:port`, an address or a CIDR block. */
function isException(url: URL, exception: string): boolean {
  if (exception === "*") return true;
  const host = bareHost(url);
  if (exception.includes("/")) return isInBlock(host, exception);
  if (isIP(exception) !== 0) return host === exception;
  const [, name = exception, port = portOf(url)] = /^(.*[^:]):(\d+)$/.exec(exception) ?? [];
  const bare = name.replace(/^\*?\.|^\[|\]$/g, "");
  return port === portOf(url) && (host === bare || host.endsWith(`.${bare}`));
}

function isInBlock(host: string, block: string): boolean {
  const [network = "", bits = ""] = block.split("/");
  const family = isIP(host);
  if (family === 0 || family !== isIP(network) || !/^\d{1,3}$/.test(bits)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}
