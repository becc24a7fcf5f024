import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { joinSignals } from "../../content/concurrency.ts";
import { systemCode } from "../../errors.ts";
import { bareHost, portOf } from "./address.ts";
import { CONNECT_TIMEOUT, connectionHint } from "./connection-failure.ts";
import { accessTo, tlsOptions } from "./dispatchers.ts";
import type { NetworkAccess } from "./network-access.ts";
import { proxyFor } from "./proxy.ts";
import { secureContextFor } from "./secure-context.ts";
import { basicHeader } from "./transport.ts";

/** One step on the way to a host. */
export interface HostStep {
  readonly step: "dns" | "proxy" | "tcp" | "tls";
  readonly isGood: boolean;
  /** What was found, or what went wrong. */
  readonly detail: string;
  readonly hint?: string | undefined;
}

interface Way {
  readonly url: URL;
  readonly access: NetworkAccess;
  /** What holds for all hosts: a proxy is none that the host's own certificates are for. */
  readonly shared: NetworkAccess;
  readonly signal: AbortSignal;
}

/** Goes the way to a host step by step, as far as it leads. Nothing is asked of the host. */
export async function probeHost(
  url: URL,
  shared: NetworkAccess,
  signal: AbortSignal,
): Promise<HostStep[]> {
  const access = await accessTo(url, shared);
  const until = joinSignals(AbortSignal.timeout(CONNECT_TIMEOUT), signal);
  const way = { url, access, shared, signal: until };
  const steps: HostStep[] = [];
  let step: HostStep["step"] = "dns";
  let socket: Socket | undefined;
  const good = (detail: string): void => void steps.push({ step, isGood: true, detail });
  try {
    const proxy = proxyFor(url, access.proxy ?? {});
    if (proxy === undefined) {
      good(await addressesOf(bareHost(url)));
      step = "tcp";
      socket = await reach(url, until);
      good(`port ${portOf(url)} is open`);
    } else {
      step = "proxy";
      socket = await reachThrough(new URL(proxy), way);
      good(`through ${new URL(proxy).host}`);
    }
    if (url.protocol === "https:") {
      step = "tls";
      good(await secure(socket, way));
    }
  } catch (error) {
    signal.throwIfAborted();
    steps.push({ step, isGood: false, ...explained(error) });
  } finally {
    socket?.destroy();
  }
  return steps;
}

async function addressesOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return `${host} is an address`;
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address).join(", ");
}

async function reach(url: URL, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp(placeOf(url));
  await opened(socket, "connect", signal);
  return socket;
}

/** Waits until a connection stands; one that does not is left to nobody. */
async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  // What fails later, when nobody asks any more, is no error of the program.
  socket.on("error", () => undefined);
  try {
    await once(socket, event, { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Plain http is not tunneled: there the way is known as far as the proxy. */
async function reachThrough(proxy: URL, { url, shared, signal }: Way): Promise<Socket> {
  if (url.protocol === "http:") return reach(proxy, signal);
  const username = decodeURIComponent(proxy.username);
  const password = decodeURIComponent(proxy.password);
  const target = `${url.hostname}:${portOf(url)}`;
  const options = {
    method: "CONNECT",
    ...placeOf(proxy),
    path: target,
    headers: {
      host: target,
      ...(username === "" ? {} : { "proxy-authorization": basicHeader(username, password) }),
    },
    signal,
  };
  const place = { ...placeOf(proxy), ...serverName(proxy) };
  const request = httpRequest(
    proxy.protocol === "https:"
      ? { ...options, createConnection: () => connectTls({ ...place, ...tlsOptions(shared) }) }
      : options,
  );
  request.end();
  const answered = once(request, "connect") as Promise<[IncomingMessage, Socket]>;
  const [answer, socket] = await answered;
  socket.on("error", () => undefined);
  if (answer.statusCode === 200) return socket;
  socket.destroy();
  throw new Error(`proxy ${proxy.host} answered ${answer.statusCode} to a tunnel to ${target}`);
}

/** Who has issued the certificate is said of one too that nobody trusts: it may be a proxy's. */
async function secure(socket: Socket, { url, access, signal }: Way): Promise<string> {
  const tls = connectTls({
    socket,
    host: bareHost(url),
    rejectUnauthorized: false,
    secureContext: secureContextFor(access),
    ...serverName(url),
  });
  await opened(tls, "secureConnect", signal);
  const detail = describe(tls.getPeerCertificate());
  const problem = problemOf(tls);
  if (problem === undefined) return detail;
  if (access.insecureSkipTlsVerify === true) return `${detail}; not checked: ${problem}`;
  throw Object.assign(new Error(`${problem}; ${detail}`), { code: problem });
}

function problemOf({ authorized, authorizationError: reason }: TLSSocket): string | undefined {
  if (authorized) return undefined;
  return reason instanceof Error ? (systemCode(reason) ?? reason.message) : String(reason);
}

function describe({ issuer, valid_to: until }: PeerCertificate): string {
  const names = [issuer.O, issuer.CN].flat().filter((name) => name !== undefined);
  return `issued by ${names.join(", ") || "nobody named"}, valid until ${until}`;
}

function explained(error: unknown): { detail: string; hint?: string | undefined } {
  const root: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const isLate = root instanceof Error && /TimeoutError|AbortError/.test(root.name);
  const said = root instanceof Error ? root.message : String(root);
  const detail = isLate ? `no answer within ${CONNECT_TIMEOUT / 1000} s` : said;
  return { detail, hint: connectionHint(isLate ? new Error("TIMEOUT") : root, detail) };
}

/** Whose certificate is wanted; an address is no name. */
function serverName(url: URL): { servername?: string } {
  const host = bareHost(url);
  return isIP(host) === 0 ? { servername: host } : {};
}

function placeOf(url: URL): { host: string; port: number } {
  return { host: bareHost(url), port: Number(portOf(url)) };
}
