/** Something that somebody has signed about manifests, as it was found. Nobody has checked it. */
export interface Signed {
  /** Where it stands, for messages. */
  readonly from: string;
  /** Digests of the manifests that it is about, by its own word: what the signature is over. */
  readonly about: readonly string[];
  /** Of an attestation, what it attests; undefined for a signature. */
  readonly predicateType?: string | undefined;
  /** The bytes that were signed. */
  readonly message: Buffer;
  /** One of a bundle; several where an envelope stands alone. */
  readonly signatures: readonly Buffer[];
  /** The same with certificate, log entries and time stamps, as a Sigstore bundle in JSON. */
  readonly bundle: SigstoreBundle;
  readonly hasCertificate: boolean;
}

/** A Sigstore bundle in which nothing stands that was not looked at. */
type SigstoreBundle = object;

/** What could not be read as something signed, and why. */
export interface Unread {
  readonly from: string;
  readonly problem: string;
}

export function isUnread(found: Signed | Unread): found is Unread {
  return "problem" in found;
}
