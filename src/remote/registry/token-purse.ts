import { DrayError, RegistryError } from "../../errors.ts";
import { judgeRealm, type Challenge } from "./challenge.ts";
import { isLoginRefusal, loginRefused } from "./login-refused.ts";
import { Trial, type Credentials } from "./credentials.ts";
import type { Patience } from "../http/patience.ts";
import { requestToken, type Token, type TokenRequest } from "./token.ts";
import type { Transport } from "../http/transport.ts";

export interface TokenPurseOptions {
  /** Name of the registry as the user writes it. */
  readonly registry: string;
  readonly origin: URL;
  readonly transport: Transport;
  readonly patience: Patience;
  /** Token servers that may see credentials though they are elsewhere. */
  readonly allowedTokenHosts: readonly string[];
}

/** What a request may do: `repository:NAME:pull,push`. */
export type Scopes = readonly string[];

/** The repository of `repository:NAME:ACTIONS`, whose name may have colons in it. */
export function repositoryOf(scopes: Scopes): string | undefined {
  return /^repository:(.*):[^:]*$/.exec(scopes[0] ?? "")?.[1];
}

export interface TokenNeed {
  readonly challenge: Challenge;
  readonly scopes: Scopes;
  readonly credentials: Credentials | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The access tokens for one registry: kept by scope, renewed before they expire. */
export class TokenPurse {
  readonly #options: TokenPurseOptions;
  readonly #trial = new Trial();
  readonly #tokens = new Map<string, Promise<Token>>();
  /** A token server that was asked without the credentials that there are. */
  #withheldFrom: URL | undefined;

  constructor(options: TokenPurseOptions) {
    this.#options = options;
  }

  async take(need: TokenNeed): Promise<string> {
    const key = keyOf(need.scopes);
    const known = this.#tokens.get(key);
    if (known !== undefined && isFresh(await known)) return (await known).value;
    const renewed = this.#tokens.get(key);
    if (renewed !== undefined && renewed !== known) return (await renewed).value;
    const asking = this.#ask(need);
    this.#tokens.set(key, asking);
    asking.catch(() => this.#tokens.delete(key));
    return (await asking).value;
  }

  /** Throws away the token that made the header `sent`, unless there is a newer one. */
  async forget(scopes: Scopes, sent: string): Promise<void> {
    const key = keyOf(scopes);
    const known = this.#tokens.get(key);
    const wasSent = known !== undefined && `Bearer ${(await known).value}` === sent;
    if (wasSent && this.#tokens.get(key) === known) this.#tokens.delete(key);
  }

  /** Why tokens may not be worth what the user expects. */
  get hint(): string | undefined {
    if (this.#withheldFrom === undefined) return undefined;
    const { origin, host } = this.#withheldFrom;
    return `The credentials were kept from its token server ${origin}, which is elsewhere; --allow-token-host ${host} gives them.`;
  }

  async #ask({ challenge, scopes, credentials, signal }: TokenNeed): Promise<Token> {
    const { origin: registry, allowedTokenHosts: allowed } = this.#options;
    const { parameters } = challenge;
    const { realm, trusted } = await judgeRealm(parameters.get("realm") ?? "", {
      registry,
      allowed,
    });
    const named = parameters.get("scope")?.split(" ") ?? [];
    const request = {
      registry: this.#options.registry,
      realm,
      service: parameters.get("service"),
      scopes: scopes.length > 0 ? scopes : named,
      isTrusted: async ({ href }: URL) => (await judgeRealm(href, { registry, allowed })).trusted,
      signal,
    };
    if (credentials === undefined) return requestToken(this.#options, request);
    return trusted
      ? this.#withCredentials(credentials, request)
      : this.#withoutCredentials(request);
  }

  async #withCredentials(credentials: Credentials, request: TokenRequest): Promise<Token> {
    const secret = JSON.stringify(credentials);
    this.#trial.requireHope(secret);
    try {
      const token = await requestToken(this.#options, request, credentials);
      this.#trial.prove(secret);
      return token;
    } catch (error) {
      if (!(error instanceof RegistryError) || !isLoginRefusal(error)) throw error;
      const { registry } = this.#options;
      const by = `its token server ${request.realm.origin}`;
      const wasTaken = this.#trial.isProven(secret);
      const refusal = loginRefused({ registry, credentials, wasTaken, by });
      this.#trial.refuse(secret, refusal);
      throw refusal;
    }
  }

  async #withoutCredentials(request: TokenRequest): Promise<Token> {
    this.#withheldFrom = request.realm;
    try {
      return await requestToken(this.#options, request);
    } catch (cause) {
      if (!(cause instanceof RegistryError) || cause.status === 0) throw cause;
      const { origin, host } = request.realm;
      throw new DrayError(
        "DRAY_AUTH_REALM_REFUSED",
        `Cannot log in to ${this.#options.registry}: it names the token server ${origin}, which was asked without credentials and refused`,
        { cause, hint: `If this server is right, allow it with --allow-token-host ${host}.` },
      );
    }
  }
}

function isFresh({ expires }: Token): boolean {
  return expires > Date.now();
}

function keyOf(scopes: Scopes): string {
  return scopes.toSorted().join(" ");
}
