import type { Challenge } from "./challenge.ts";
import type { Scopes } from "./token-purse.ts";

/** `repository:NAME:ACTIONS` or `registry:catalog:*`; whatever else is asked for is not needed here. */
const SCOPE = /^(?:repository(?:\([\w-]+\))?:[\w./:-]{1,255}|registry:catalog):[a-z*,]{1,60}$/;
/** A registry has no reason to name more for one request. */
const MAX_NAMED = 4;

/**
 * What registries ask for beyond what the path of a request suggests: behind a proxy or a virtual
 * repository, the name that a token is given for is another one.
 */
export class WiderScopes {
  readonly #named = new Map<string, Scopes>();

  /** Scopes to ask a token for. */
  of(scopes: Scopes): Scopes {
    return [...scopes, ...(this.#named.get(keyOf(scopes)) ?? [])];
  }

  /** Remembers what a challenge to a request with these scopes names besides. */
  learn(scopes: Scopes, challenge: Challenge): void {
    const known = this.of(scopes);
    const named = (challenge.parameters.get("scope") ?? "").split(" ");
    const news = named.filter(
      (scope) => SCOPE.test(scope) && !known.some((one) => covers(one, scope)),
    );
    if (scopes.length === 0 || news.length === 0) return;
    const all = [...(this.#named.get(keyOf(scopes)) ?? []), ...news].slice(-MAX_NAMED);
    this.#named.set(keyOf(scopes), all);
  }
}

function covers(scope: string, wanted: string): boolean {
  const [resource, actions] = split(scope);
  const [other, needed] = split(wanted);
  return resource === other && needed.every((action) => actions.includes(action));
}

function split(scope: string): [resource: string, actions: string[]] {
  const colon = scope.lastIndexOf(":");
  return [scope.slice(0, colon), scope.slice(colon + 1).split(",")];
}

function keyOf(scopes: Scopes): string {
  return scopes.join(" ");
}
