import { DrayError } from "../errors.ts";
import { parseDigest, type Digest } from "../oci/digest.ts";
import {
  hasLogin,
  LOGIN_REASON,
  parseReference,
  withoutLogin,
  type Reference,
} from "../oci/reference.ts";

/** What the user calls images that others have packed. */
export interface GivenNames {
  /** By digest or Docker's image id; one thing may have several names. */
  readonly byDigest: ReadonlyMap<Digest, readonly Reference[]>;
  /** Where everything belongs that says no repository itself. */
  readonly repository?: RepositoryName | undefined;
}

/** A reference without a tag and without a digest. */
export type RepositoryName = Pick<Reference, "registry" | "repository">;

export const NO_NAMES: GivenNames = { byDigest: new Map() };

/**
 * Reads `DIGEST=REFERENCE`, as often as it is given, and `REGISTRY/REPOSITORY` for all the rest.
 * @throws DrayError `DRAY_NAME_INVALID`
 */
export function parseNames(texts: readonly string[], repository?: string): GivenNames {
  const { byDigest } = namesFrom(
    texts.map((text) => {
      const equals = text.indexOf("=");
      return [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
    }),
  );
  return { byDigest, repository: repository === undefined ? undefined : repositoryOf(repository) };
}

/** Digests and the references that they get. @throws DrayError `DRAY_NAME_INVALID` */
export function namesFrom(pairs: readonly (readonly string[])[]): GivenNames {
  const byDigest = new Map<Digest, Reference[]>();
  for (const [digest = "", reference = ""] of pairs) {
    if (hasLogin(digest)) throw invalid(withoutLogin(digest), { message: LOGIN_REASON });
    try {
      const known = parseDigest(digest);
      byDigest.set(known, [...(byDigest.get(known) ?? []), parseReference(reference)]);
    } catch (cause) {
      if (!(cause instanceof DrayError)) throw cause;
      throw invalid(`${digest}=${withoutLogin(reference)}`, cause);
    }
  }
  return { byDigest };
}

export function hasNames({ byDigest, repository }: GivenNames): boolean {
  return byDigest.size > 0 || repository !== undefined;
}

function repositoryOf(text: string): RepositoryName {
  try {
    // What has a tag or a digest of its own is no reference with another one behind it.
    const { registry, repository } = parseReference(`${text}:latest`);
    return { registry, repository };
  } catch (cause) {
    if (!(cause instanceof DrayError)) throw cause;
    throw new DrayError(
      "DRAY_NAME_INVALID",
      `Cannot read repository ${JSON.stringify(withoutLogin(text))}: ${hasLogin(text) ? LOGIN_REASON : "expected REGISTRY/REPOSITORY"}`,
      {
        kind: "usage",
        hint: "Write it without a tag, such as registry.example.com/team/app: every image keeps the tag that it has.",
        cause,
      },
    );
  }
}

function invalid(text: string, cause: { readonly message: string }): DrayError {
  return new DrayError(
    "DRAY_NAME_INVALID",
    `Cannot read name ${JSON.stringify(text)}: ${cause.message}`,
    {
      kind: "usage",
      hint: "Write DIGEST=REFERENCE, such as sha256:…=registry.example.com/team/app:1.0.",
      cause,
    },
  );
}
