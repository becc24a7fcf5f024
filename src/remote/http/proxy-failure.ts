import type { Dispatcher, Pool } from "undici";
import { systemCode } from "../../errors.ts";

/** Statuses of a proxy that may go better the next time. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The proxy did not do its part: nobody else was asked. */
export class ProxyFailure extends Error {
  override readonly name = "ProxyFailure";
  readonly code: string;
  /** What to do about it. */
  readonly hint: string;

  constructor(
    message: string,
    { code, hint, cause }: { code: string; hint: string; cause?: unknown },
  ) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

/** Makes what a proxy answers to CONNECT, or that nobody answers there, a failure of the proxy. */
export function watchTunnels(pool: Pool, proxy: URL): Pool {
  const connect = pool.connect.bind(pool);
  const watched = async (options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    let answer: Dispatcher.ConnectData;
    try {
      answer = await connect(options);
    } catch (cause) {
      throw unreachableProxy(cause, proxy);
    }
    const { statusCode, headers, socket } = answer;
    if (statusCode === 200) return answer;
    socket.on("error", () => undefined).destroy();
    throw refusedByProxy(statusCode, [headers["proxy-authenticate"] ?? []].flat(), proxy);
  };
  return Object.assign(pool, { connect: watched });
}

export function unreachableProxy(cause: unknown, proxy: URL): unknown {
  const code = systemCode(cause);
  if (code === undefined) return cause;
  const reason = cause instanceof Error && cause.message !== "" ? cause.message : code;
  return new ProxyFailure(`the proxy ${proxy.host} does not answer (${reason})`, {
    code,
    cause,
    hint: "Is the proxy right, and does it run? HTTPS_PROXY and HTTP_PROXY name it, NO_PROXY what goes without one.",
  });
}

const BASIC_HINT =
  "Put the login into the address: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, with %40 for @ and the like.";

const OTHER_HINT =
  "dray logs in to proxies by Basic alone: where this one wants NTLM or Negotiate, use a local proxy that speaks it (cntlm, px), or have this host let through without a login.";

/** `offers`: the values of Proxy-Authenticate. */
export function refusedByProxy(
  status: number,
  offers: readonly string[],
  proxy: URL,
): ProxyFailure {
  const schemes = offers.flatMap((offer) => /^[A-Za-z][\w-]{0,30}/.exec(offer.trim())?.[0] ?? []);
  const by = schemes.length === 0 ? "" : `, by ${[...new Set(schemes)].join(" or ")}`;
  if (status !== 407) {
    return new ProxyFailure(`the proxy ${proxy.host} answered ${status} itself`, {
      code: PASSING.has(status) ? "EPROXYBUSY" : "EPROXYREFUSED",
      hint: "The proxy lets nobody through to this host, or does not reach it: ask whoever runs the proxy, or name the host in NO_PROXY.",
    });
  }
  const isBasic = schemes.some((scheme) => /^basic$/i.test(scheme));
  const hints = [
    ...(isBasic || schemes.length === 0 ? [BASIC_HINT] : []),
    ...(isBasic ? [] : [OTHER_HINT]),
  ];
  return new ProxyFailure(
    `the proxy ${proxy.host} answered 407: it wants a login of its own${by}`,
    {
      code: "EPROXYREFUSED",
      hint: hints.join(" "),
    },
  );
}
