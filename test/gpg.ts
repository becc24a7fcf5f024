import type { TestContext } from "vitest";
import { makeSigner, type Signer } from "../fixtures/gpg.ts";
import { defaults } from "../src/defaults.ts";
import { needs } from "./programs.ts";

/** Ada and her key, and the program that checks what she signs; without gpg the test is skipped. */
export async function signer(context: TestContext): Promise<Signer & { readonly gpgv: string }> {
  needs(context, "gpg");
  const gpgv = await defaults().gpgv();
  if (gpgv === undefined) return context.skip("needs gpgv");
  return { ...(await makeSigner("Ada <ada@example.org>")), gpgv };
}
