import { z } from "../../oci/schema.ts";
import { patternProblem, type Wanted } from "./name-pattern.ts";
import type { IdentitySigner, ImageRule, KeySigner } from "./image-rule.ts";
import { isPredicate, PREDICATE_NAMES } from "./predicates.ts";

const carriedSchema = z
  .strictObject({
    carried: z
      .string()
      .regex(/^files\/./, "expected a file as the bundle calls it: files/…")
      .describe("The file as the bundle calls it: files/…"),
  })
  .describe("One that travels in the bundle and counts on the word of who has signed that");

const signerSchema = z
  .strictObject({
    key: z.string().optional().describe("File of a public key in PEM, as cosign writes it"),
    identity: z.string().optional().describe("Who has signed without a key: an address, a name"),
    identityPattern: z.string().optional().describe("The same as a pattern of RE2 for all of it"),
    issuer: z.string().optional().describe("Who has said who they are: https://…"),
    issuerPattern: z.string().optional().describe("The same as a pattern of RE2 for all of it"),
    trustedRoot: z
      .union([z.string(), carriedSchema])
      .optional()
      .describe("File of the authorities and logs that count: trusted_root.json"),
  })
  .superRefine((signer, context) => {
    for (const message of problemsOfSigner(signer)) context.addIssue({ code: "custom", message });
  });

type SignerDocument = z.infer<typeof signerSchema>;

function problemsOfSigner(signer: SignerDocument): string[] {
  const { key, trustedRoot } = signer;
  const names = ["identity", "issuer"] as const;
  const counts = names.map((name) => Number(given(signer, name)) + Number(patterned(signer, name)));
  if (key !== undefined) {
    const both = "expected a key, or identity and issuer, found both";
    return counts.some((count) => count > 0) ? [both] : [];
  }
  const missing = names
    .filter((_, at) => counts[at] !== 1)
    .map((name) => `${name} or ${name}Pattern`);
  if (missing.length > 0) {
    return [`expected a key, or an identity and its issuer: one of ${missing.join(", one of ")}`];
  }
  if (trustedRoot === undefined) return ["expected the trustedRoot that vouches for the identity"];
  return names.flatMap((name) => patternProblem(signer[`${name}Pattern`]) ?? []);
}

function given(signer: SignerDocument, name: "identity" | "issuer"): boolean {
  return signer[name] !== undefined;
}

function patterned(signer: SignerDocument, name: "identity" | "issuer"): boolean {
  return signer[`${name}Pattern`] !== undefined;
}

const attestationSchema = z
  .string()
  .refine(isPredicate, `expected ${PREDICATE_NAMES.join(", ")} or the address of a predicate type`)
  .describe(`${PREDICATE_NAMES.join(", ")}, or the address of a predicate type`);

const ruleSchema = z
  .strictObject({
    images: z
      .union([z.string(), z.array(z.string()).min(1)])
      .describe("Names at the source, one or several; each * stands for any characters"),
    signedBy: z.array(signerSchema).min(1).describe("Whose signature counts"),
    require: z
      .string()
      .regex(/^(?:0|[1-9]\d?|100)$/, "expected a whole number from 0 to 100")
      .optional()
      .describe("How many different ones of them must have signed; 1 without it"),
    attestations: z
      .array(attestationSchema)
      .optional()
      .describe("What one of them must have attested"),
    unsigned: z
      .enum(["refuse", "warn"])
      .optional()
      .describe("What becomes of an image for which that is not so; refuse without it"),
  })
  .superRefine(({ signedBy, require, attestations = [] }, context) => {
    const count = Number(require ?? 1);
    if (count > signedBy.length) {
      const message = `expected at most the ${signedBy.length} of signedBy`;
      context.addIssue({ code: "custom", path: ["require"], message });
    }
    if (count === 0 && attestations.length === 0) {
      const message = "expected 1 or more where no attestations are asked for";
      context.addIssue({ code: "custom", path: ["require"], message });
    }
  });

/** `policy:` in bundle.yaml and target.yaml. */
export const policySchema = z.array(ruleSchema).min(1);

/** Rules as they were written, with every file where `resolve` says. */
export function toPolicy(
  rules: z.infer<typeof policySchema>,
  resolve: (path: string) => string,
): ImageRule[] {
  return rules.map(
    ({ images, signedBy, require = "1", attestations = [], unsigned = "refuse" }) => ({
      images: typeof images === "string" ? [images] : images,
      signedBy: signedBy.map((signer) => toSigner(signer, resolve)),
      require: Number(require),
      attestations,
      unsigned,
    }),
  );
}

function toSigner(
  signer: SignerDocument,
  resolve: (path: string) => string,
): KeySigner | IdentitySigner {
  const { key, identity, identityPattern, issuer, issuerPattern, trustedRoot } = signer;
  const root = typeof trustedRoot === "string" ? resolve(trustedRoot) : trustedRoot;
  if (key !== undefined) return { key: resolve(key), trustedRoot: root };
  return {
    identity: wanted(identity, identityPattern),
    issuer: wanted(issuer, issuerPattern),
    // The schema lets nothing else through.
    trustedRoot: root ?? "",
  };
}

function wanted(is: string | undefined, matches: string | undefined): Wanted {
  return is === undefined ? { matches: matches ?? "" } : { is };
}
