import { all } from "../../content/concurrency.ts";
import { isSignedWith, readImageKey, type ImageKey } from "./image-key.ts";
import { fits, wantedInWords } from "./name-pattern.ts";
import type { IdentitySigner, ImageRule, KeySigner } from "./image-rule.ts";
import type { Carried, RootPlace } from "./root-file.ts";
import type { Signed } from "./signed.ts";
import { readTrustedRoot, type TrustedRoot } from "./trusted-root.ts";

/** Somebody whose signature counts, with all that it takes to check it. */
export interface Signer {
  /** For messages. */
  readonly name: string;
  readonly check: (signed: Signed) => Verdict;
}

/** Who it is that has signed, or why it does not count. Different ones have different ids. */
type Verdict = { readonly id: string; readonly who: string } | { readonly reason: string };

/** A rule of which every file has been read. */
export interface ReadyRule extends Omit<ImageRule, "signedBy"> {
  readonly signers: readonly Signer[];
}

/** Reads what a policy names on this machine, for whoever has much to do before it is needed. */
export async function requirePolicyFiles(rules: readonly ImageRule[]): Promise<void> {
  const signers = rules.flatMap(({ signedBy }) => signedBy);
  for (const signer of signers) if ("key" in signer) await readImageKey(signer.key);
  for (const root of new Set(signers.map(({ trustedRoot }) => trustedRoot))) {
    if (typeof root === "string") await readTrustedRoot(root, { files: [] });
  }
}

/**
 * Reads every file that a policy names, on this machine or in what travels.
 * @throws DrayError for files that are missing or no keys or roots
 */
export async function readPolicy(
  rules: readonly ImageRule[],
  carried: Carried,
): Promise<ReadyRule[]> {
  const roots = new Map<string, Promise<TrustedRoot>>();
  const rootAt = (place: RootPlace): Promise<TrustedRoot> => {
    const name = JSON.stringify(place);
    const root = roots.get(name) ?? readTrustedRoot(place, carried);
    roots.set(name, root);
    return root;
  };
  return all(
    rules.map(async ({ signedBy, ...rule }) => {
      const signers = await all(signedBy.map((signer) => ready(signer, rootAt)));
      return { ...rule, signers };
    }),
  );
}

async function ready(
  signer: KeySigner | IdentitySigner,
  rootAt: (place: RootPlace) => Promise<TrustedRoot>,
): Promise<Signer> {
  if (!("key" in signer)) return byIdentity(signer, await rootAt(signer.trustedRoot));
  const { key, trustedRoot } = signer;
  return byKey(
    await readImageKey(key),
    trustedRoot === undefined ? undefined : await rootAt(trustedRoot),
  );
}

function byKey(key: ImageKey, root: TrustedRoot | undefined): Signer {
  const name = `key ${key.id.slice(0, 12)} (${key.from})`;
  const check = (signed: Signed): Verdict => {
    const { message, signatures } = signed;
    if (!signatures.some((signature) => isSignedWith(key, message, signature))) {
      return { reason: "it is by another key" };
    }
    const doubt = root?.doubt(signed, key);
    return doubt === undefined
      ? { id: key.id, who: name }
      : { reason: `${root?.from ?? ""}: ${doubt}` };
  };
  return { name, check };
}

function byIdentity({ identity, issuer }: IdentitySigner, root: TrustedRoot): Signer {
  const name = `${wantedInWords(identity)}, by the word of ${wantedInWords(issuer)}`;
  const check = (signed: Signed): Verdict => {
    if (!signed.hasCertificate) return { reason: "it has no certificate" };
    const found = root.identify(signed);
    if (typeof found === "string") return { reason: `${root.from}: ${found}` };
    const who = `${found.name}, by the word of ${found.issuer}`;
    const isWanted = fits(found.name, identity) && fits(found.issuer, issuer);
    return isWanted ? { id: who, who } : { reason: `it is by ${who}` };
  };
  return { name, check };
}
