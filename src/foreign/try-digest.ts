import { DrayError } from "../errors.ts";
import { parseDigest, type Digest } from "../oci/digest.ts";

/** The digest that a text is, if it is one that can be verified. */
export function tryDigest(text: string): Digest | undefined {
  try {
    return parseDigest(text);
  } catch (error) {
    if (error instanceof DrayError) return undefined;
    throw error;
  }
}
