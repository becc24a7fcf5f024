import type { NamedFile } from "../../content/named-files.ts";
import type { ImageRule } from "./image-rule.ts";

/** The files of keys and roots that the rules of a document name, below `policy` in it. */
export function signerFiles(policy: readonly ImageRule[]): NamedFile[] {
  return policy.flatMap(({ signedBy }, rule) =>
    signedBy.flatMap((signer, index) => {
      const at = ["policy", rule, "signedBy", index];
      const named: NamedFile[] = "key" in signer ? [{ path: signer.key, at: [...at, "key"] }] : [];
      const { trustedRoot: root } = signer;
      // One that a bundle carries is no file yet.
      return typeof root === "string"
        ? [...named, { path: root, at: [...at, "trustedRoot"] }]
        : named;
    }),
  );
}
