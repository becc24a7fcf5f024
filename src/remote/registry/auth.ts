import { RegistryError } from "../../errors.ts";
import { parseChallenges, type Challenge } from "./challenge.ts";
import { howToLogIn, isLoginRefusal, loginMissing, loginRefused } from "./login-refused.ts";
import { Trial, type Credentials, type CredentialStore } from "./credentials.ts";
import { WiderScopes } from "./wider-scopes.ts";
import {
  repositoryOf,
  TokenPurse,
  type Scopes,
  type TokenNeed,
  type TokenPurseOptions,
} from "./token-purse.ts";
import { basicHeader, type TransportResponse } from "../http/transport.ts";

export interface AuthenticatorOptions extends TokenPurseOptions {
  readonly credentials: CredentialStore;
}

/** What is known of a request that was answered with 401. */
interface RefusedRequest {
  readonly scopes: Scopes;
  /** The header that it carried. */
  readonly sent: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the `Authorization` header of one registry. What the registry stops taking is thrown away
 * together with the credentials behind it.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #tokens: TokenPurse;
  readonly #trial = new Trial();
  readonly #wider = new WiderScopes();
  #challenge: Challenge | undefined;
  /** Schemes of the last 401. */
  #offers: readonly string[] = [];
  /** By repository: a file may have another login for each path. */
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  #hasCredentials = false;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#tokens = new TokenPurse(options);
  }

  /** The header for what is known by now: before the first challenge there is none. */
  async header(scopes: Scopes, signal?: AbortSignal): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    const credentials = await this.#ask(scopes);
    if (credentials?.kind !== "bearer" && this.#challenge.scheme === "bearer") {
      const wanted = this.#wider.of(scopes);
      return this.#token({ challenge: this.#challenge, scopes: wanted, credentials, signal });
    }
    const header = credentials === undefined ? undefined : fixedHeader(credentials);
    if (header !== undefined) this.#trial.requireHope(header);
    return header;
  }

  /** A login that the token server refuses may have been replaced by now, in a file or by a helper. */
  async #token(need: TokenNeed): Promise<string> {
    try {
      return `Bearer ${await this.#tokens.take(need)}`;
    } catch (error) {
      if (!(error instanceof RegistryError) || !isLoginRefusal(error)) throw error;
      const credentials = await this.#ask(need.scopes, true);
      if (JSON.stringify(credentials) === JSON.stringify(need.credentials)) throw error;
      return `Bearer ${await this.#tokens.take({ ...need, credentials })}`;
    }
  }

  /** Learns from a 401 how to log in. False if it does not say. */
  learn(response: TransportResponse): boolean {
    const challenges = parseChallenges(response.headers("www-authenticate"));
    const challenge =
      challenges.find(({ scheme, parameters }) => scheme === "bearer" && parameters.has("realm")) ??
      challenges.find(({ scheme }) => scheme === "basic");
    if (challenge !== undefined) this.#challenge = challenge;
    this.#offers = [...new Set(challenges.map(({ scheme }) => scheme))];
    return challenge !== undefined;
  }

  /** The registry took the header `sent`, whatever else it answered. */
  noteAccepted(sent: string | undefined): void {
    if (sent?.startsWith("Basic ") === true) this.#trial.prove(sent);
  }

  /**
   * The header to send a request with once more after a 401: a first one, or a new one after the one
   * that was sent had expired. Undefined if there is no other.
   * @throws RegistryError `DRAY_LOGIN_MISSING`, `DRAY_LOGIN_REFUSED`, `DRAY_LOGIN_EXPIRED`
   */
  async renewed(
    response: TransportResponse,
    { scopes, sent, signal }: RefusedRequest,
  ): Promise<string | undefined> {
    const before = this.#wider.of(scopes);
    const isLearned = this.learn(response);
    const header = isLearned ? await this.#renew({ scopes, sent, signal }, before) : undefined;
    if (header !== undefined) return header;
    if (sent === undefined) throw loginMissing(this.#options.registry, this.#offers);
    return isLearned ? this.#judge(sent, { scopes, sent, signal }) : undefined;
  }

  /** Asks for what the challenge names besides what the path suggests. */
  #renew(request: RefusedRequest, before: Scopes): Promise<string | undefined> {
    if (this.#challenge !== undefined) this.#wider.learn(request.scopes, this.#challenge);
    return this.#other(request, before);
  }

  /** Undefined where a login may be good for something else. @throws RegistryError where it is not */
  async #judge(sent: string, { scopes, signal }: RefusedRequest): Promise<undefined> {
    const credentials = await this.#ask(scopes);
    // A token may be good for other repositories, and so may a login that the registry still takes.
    const isToken = this.#challenge?.scheme === "bearer" && credentials?.kind !== "bearer";
    const wasTaken = this.#trial.isProven(sent);
    if (isToken || credentials === undefined || (wasTaken && (await this.#isTaken(sent, signal)))) {
      return undefined;
    }
    const refusal = loginRefused({ registry: this.#options.registry, credentials, wasTaken });
    this.#trial.refuse(sent, refusal);
    throw refusal;
  }

  /** Whether the registry lets somebody in, whatever it thinks of a repository. */
  async #isTaken(authorization: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { transport, origin } = this.#options;
    const request = { method: "GET", headers: { authorization }, signal } as const;
    try {
      const response = await transport.send(new URL("/v2/", origin), request);
      await response.discard();
      return response.status !== 401;
    } catch {
      signal?.throwIfAborted();
      // Where that cannot be found out, the answer that is at hand is said.
      return true;
    }
  }

  /** True if there is a login to ask with, good or not. */
  get isLoggedIn(): boolean {
    return this.#hasCredentials;
  }

  /** Another header than the one that was sent, which may have expired. Undefined if there is none. */
  replaced(request: RefusedRequest): Promise<string | undefined> {
    return this.#other(request, this.#wider.of(request.scopes));
  }

  async #other(
    { scopes, sent, signal }: RefusedRequest,
    before: Scopes,
  ): Promise<string | undefined> {
    const current = await this.header(scopes, signal);
    // Nobody can log in, or another request was here before.
    if (current === undefined || current !== sent) return current;
    await this.#tokens.forget(before, sent);
    await this.#ask(scopes, true);
    const fresh = await this.header(scopes, signal);
    return fresh === sent ? undefined : fresh;
  }

  /** What to do about an answer that denies something. */
  hintFor(status: number): string | undefined {
    if (status !== 401 && status !== 403) return undefined;
    if (this.#tokens.hint !== undefined) return this.#tokens.hint;
    if (!this.#hasCredentials) {
      return `${howToLogIn(this.#options.registry)} Where there is no such name, some answer the same: check it, too.`;
    }
    return status === 401
      ? "Check user name and password (or token) for this registry."
      : "This account may not do that here; ask for the right to push or pull.";
  }

  /** `fresh`: a helper or file may say something new by now, such as a rotated password. */
  async #ask(scopes: Scopes, fresh = false): Promise<Credentials | undefined> {
    const repository = repositoryOf(scopes);
    const key = repository ?? "";
    const { registry, credentials } = this.#options;
    const known = fresh ? undefined : this.#credentials.get(key);
    const asking = known ?? credentials(registry, repository, { fresh });
    this.#credentials.set(key, asking);
    const found = await asking;
    this.#hasCredentials ||= found !== undefined;
    return found;
  }
}

/** The header that credentials make by themselves, without a token server. */
function fixedHeader(credentials: Credentials): string {
  return credentials.kind === "password"
    ? basicHeader(credentials.username, credentials.password)
    : `Bearer ${credentials.token}`;
}
