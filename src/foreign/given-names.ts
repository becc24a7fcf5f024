import { DrayError } from "../errors.ts";
import { parseDigest, type Digest } from "../oci/digest.ts";
import { parseReference, type Reference } from "../oci/reference.ts";

/** What the user calls images that others have packed, by digest or Docker's image id. */
export type GivenNames = ReadonlyMap<Digest, Reference>;

/** Reads `DIGEST=REFERENCE`, as often as it is given. @throws DrayError `DRAY_NAME_INVALID` */
export function parseNames(texts: readonly string[]): GivenNames {
  return namesFrom(
    texts.map((text) => {
      const equals = text.indexOf("=");
      return [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
    }),
  );
}

/** Digests and the references that they get. @throws DrayError `DRAY_NAME_INVALID` */
export function namesFrom(pairs: readonly (readonly string[])[]): GivenNames {
  const names = new Map<Digest, Reference>();
  for (const [digest = "", reference = ""] of pairs) {
    try {
      names.set(parseDigest(digest), parseReference(reference));
    } catch (cause) {
      if (!(cause instanceof DrayError)) throw cause;
      throw invalid(`${digest}=${reference}`, cause);
    }
  }
  return names;
}

function invalid(text: string, cause: DrayError): DrayError {
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
