import { DrayError, RegistryError } from "../../errors.ts";
import { parseSecretJson, z } from "../../oci/schema.ts";
import { connectionFailure } from "../http/connection-failure.ts";
import { readDocument } from "../http/content-coding.ts";
import { PAGE_HINT, requireNoPage } from "../http/page.ts";
import { follow } from "../http/redirects.ts";
import { howToLogIn } from "./login-refused.ts";
import { readErrorBody } from "./error-body.ts";
import { Secrets } from "../http/secrets.ts";
import type { Credentials } from "./credentials.ts";
import { isRetriedStatus, Transient, type Patience } from "../http/patience.ts";
import { basicHeader, type Transport, type TransportResponse } from "../http/transport.ts";

export interface Token {
  readonly value: string;
  /** Milliseconds since the epoch after which it is not used any more. */
  readonly expires: number;
}

export interface TokenRequest {
  /** Whose tokens these are, as the user writes it. */
  readonly registry: string;
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** Whether an address that the realm redirects to may see credentials. */
  readonly isTrusted: (url: URL) => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

/** Access tokens are JWTs of some kilobytes. */
const MAX_TOKEN_BYTES = 256 * 1024;
/** What a token is worth when nobody says (token.md, `expires_in`). */
const DEFAULT_LIFETIME = 60;
const CLIENT_ID = "dray";

const answerSchema = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  // Some write it as a text, or in ways that mean nothing: the token is good all the same.
  expires_in: z.coerce.number().nonnegative().nullish().catch(undefined),
});

/**
 * Gets an access token: with an identity token by OAuth2, else by the GET form.
 * https://github.com/distribution/distribution/blob/v3.0.0/docs/content/spec/auth/token.md
 *
 * @throws RegistryError `DRAY_AUTH_FAILED`, `DRAY_REGISTRY_UNREACHABLE`
 */
export async function requestToken(
  { transport, patience }: { transport: Transport; patience: Patience },
  request: TokenRequest,
  credentials?: Credentials,
): Promise<Token> {
  const { signal } = request;
  const prepared = prepare(request, credentials);
  return patience.persist(
    () => secretsOf(prepared).keptFrom(attempt(transport, request, prepared)),
    signal,
  );
}

async function attempt(
  transport: Transport,
  request: TokenRequest,
  prepared: Prepared,
): Promise<Token> {
  const asked = Date.now();
  const { realm, signal } = request;
  const context = { action: "get a token", registry: `token server ${realm.origin}` };
  let at = prepared.url;
  const send = (url: URL, secret: Secret): Promise<TransportResponse> => {
    at = url;
    return transport.send(url, {
      ...prepared,
      headers: { ...prepared.headers, ...secret },
      signal,
    });
  };
  try {
    const { url, method, secret } = prepared;
    const response = await follow(url, { method, secret, isTrusted: request.isTrusted, send });
    if (response.status !== 200) throw await failed(request, response, prepared);
    const body = await readDocument(response, MAX_TOKEN_BYTES);
    requireNoPage(body, response, { ...context, code: "DRAY_AUTH_FAILED" });
    return readToken(body, { asked, realm });
  } catch (cause) {
    signal?.throwIfAborted();
    throw connectionFailure(cause, at, context);
  }
}

async function failed(
  { registry, realm }: TokenRequest,
  response: TransportResponse,
  prepared: Prepared,
): Promise<Transient | RegistryError> {
  const { status, url } = response;
  const denied = status === 401 || status === 403;
  const { text, isPage } = await readErrorBody(response, secretsOf(prepared));
  const isOwn = url.origin === realm.origin;
  const isRefusal = isOwn && status === 401 && prepared.known !== undefined;
  const who = isOwn ? "it" : `${url.host}, where it sent this on to,`;
  const to = response.header("location") === undefined ? "" : " with a redirect";
  const error = new RegistryError(
    isRefusal ? "DRAY_LOGIN_REFUSED" : "DRAY_AUTH_FAILED",
    `Cannot get a token from ${realm.origin}: ${who} answered ${status}${to}${text === "" ? "" : ` (${text})`}`,
    {
      status,
      hint: isPage
        ? PAGE_HINT
        : denied
          ? hintForDenied(registry, prepared.known !== undefined)
          : undefined,
    },
  );
  const retryAfter = response.header("retry-after");
  return isRetriedStatus(status) ? new Transient(error, { retryAfter }) : error;
}

function secretsOf({ known }: Prepared): Secrets {
  const secrets = new Secrets();
  secrets.note(known);
  return secrets;
}

function hintForDenied(registry: string, withCredentials: boolean): string {
  return withCredentials
    ? "Check user name and password (or token) for this registry."
    : howToLogIn(registry);
}

function readToken(body: Buffer, { asked, realm }: { asked: number; realm: URL }): Token {
  const what = `answer of token server ${realm.origin}`;
  const about = { what, code: "DRAY_AUTH_FAILED", kind: "failed" } as const;
  const answer = parseSecretJson(answerSchema, body, about);
  const value = answer.token || answer.access_token || "";
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new DrayError("DRAY_AUTH_FAILED", `Cannot use the ${what}: there is no token in it`);
  }
  const lifetime = (answer.expires_in ?? DEFAULT_LIFETIME) * 1000;
  // Renewed while it still works, so that a request on its way does not outlive it.
  return { value, expires: asked + lifetime - Math.min(30_000, lifetime / 5) };
}

type Secret = Readonly<Record<string, string>>;

interface Prepared {
  readonly url: URL;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** For the token server alone. */
  readonly secret: Secret;
  readonly body?: Buffer;
  /** What it logs in with, as a header would have it. */
  readonly known: string | undefined;
}

function prepare(request: TokenRequest, credentials: Credentials | undefined): Prepared {
  return credentials?.kind === "identity"
    ? oauthRequest(request, credentials.token)
    : getRequest(request, credentials);
}

function getRequest(
  { realm, service, scopes }: TokenRequest,
  credentials: Credentials | undefined,
): Prepared {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  url.searchParams.set("client_id", CLIENT_ID);
  const anonymous = {
    url,
    method: "GET",
    headers: {},
    secret: {},
    known: undefined,
  } as const;
  if (credentials?.kind !== "password") return anonymous;
  const { username, password } = credentials;
  url.searchParams.set("account", username);
  const authorization = basicHeader(username, password);
  return { ...anonymous, secret: { authorization }, known: authorization };
}

function oauthRequest({ realm, service, scopes }: TokenRequest, identityToken: string): Prepared {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: identityToken,
    client_id: CLIENT_ID,
    scope: scopes.join(" "),
    ...(service === undefined ? {} : { service }),
  });
  return {
    url: realm,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    secret: {},
    body: Buffer.from(form.toString()),
    known: `Bearer ${identityToken}`,
  };
}
