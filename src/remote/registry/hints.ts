import { RegistryError } from "../../errors.ts";
import type { Answer } from "./answer-error.ts";
import type { Connection } from "./connect.ts";
import { repositoryOf, type Scopes } from "./token-purse.ts";
import { wayOut } from "./ways-out.ts";

/** A request, by what its answer may depend on. */
interface Asked {
  readonly registry: string;
  readonly connection: Connection;
  readonly scopes: Scopes;
}

/** What to do about an answer that refuses something, by who asked whom for what. */
export function hintFor(
  answer: Answer,
  { registry, connection, scopes }: Asked,
): string | undefined {
  const { authenticator, brand, origin } = connection;
  const { status, isPage } = answer;
  const ofLogin = isPage ? undefined : authenticator.hintFor(status);
  if (ofLogin !== undefined && !authenticator.isLoggedIn) return ofLogin;
  if (answer.missesContent) return undefined;
  const repository = repositoryOf(scopes);
  const isPush = scopes[0]?.endsWith(":pull,push") === true;
  if (repository === undefined || !isPush) return ofLogin;
  return wayOut({ brand, registry, origin, repository, ...answer }) ?? ofLogin;
}

/** A token server that gives nothing for one repository refuses that, and not the login. */
export async function withWayOut<T>(work: () => Promise<T>, asked: Asked): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "DRAY_AUTH_FAILED") throw error;
    const { code, message, kind, status } = error;
    if (status !== 403) throw error;
    const hint =
      hintFor(
        { status, code: undefined, message: "", isPage: false, missesContent: false },
        asked,
      ) ?? error.hint;
    throw new RegistryError(code, message, { kind, status, hint, cause: error });
  }
}
