import type { Wanted } from "./name-pattern.ts";
import type { RootPlace } from "./root-file.ts";

/** Somebody who signs with a key. */
export interface KeySigner {
  /** File of the public key. */
  readonly key: string;
  /** A log and time stamps that have to vouch for when it was signed; undefined for none. */
  readonly trustedRoot?: RootPlace | undefined;
}

/** Somebody who signs with a certificate that an authority gave them for this identity. */
export interface IdentitySigner {
  readonly identity: Wanted;
  /** Who has said who they are. */
  readonly issuer: Wanted;
  /** The authorities and logs that count. */
  readonly trustedRoot: RootPlace;
}

/** Who must vouch for images of some names. */
export interface ImageRule {
  /** Patterns of names at the source; `*` stands for any characters. */
  readonly images: readonly string[];
  readonly signedBy: readonly (KeySigner | IdentitySigner)[];
  /** How many different ones of them must have signed. */
  readonly require: number;
  /** What one of them at least must have attested: names or addresses of predicate types. */
  readonly attestations: readonly string[];
  /** What becomes of an image for which that is not so. */
  readonly unsigned: "refuse" | "warn";
}
