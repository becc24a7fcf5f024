import type { Texts } from "./explained.ts";

/** Signatures, keys and the provenance of charts. */
export const trust = {
  CHART_UNTRUSTED: {
    ends: "refused",
    means:
      "`--verify-charts` is given, and the provenance of a chart is missing, wrong or could not be checked.",
    advice:
      "Get the chart with its `.prov` file from who signs it, or leave it out. Without the flag this is a warning at most.",
  },
  GPGV_FAILED: {
    ends: "failed",
    means: "`gpgv`, which checks the signatures of charts, could not be run or said too much.",
    advice: "Run `gpgv --version` on this host. It comes with GnuPG.",
  },
  KEYRING_INVALID: {
    ends: "usage",
    means: "The file that `--keyring` names is not there, or too large for a keyring.",
    advice: "Write one with `gpg --export NAME > keyring.gpg`.",
  },
  IMAGE_SIGNED: {
    severity: "info",
    means:
      "Those vouch for an image whom the policy names, and it is said who. Where the index is not signed, each image in it is.",
    advice: "Nothing.",
  },
  IMAGE_UNATTESTED: {
    severity: ["error", "warning"],
    means:
      "What the policy asks to be attested of an image is not, by nobody whose signature counts. It is a warning where the rule says `unsigned: warn`.",
    advice:
      "Ask who makes the image for the attestation, or take another image. `referrers: none` and `signatures` leave attestations behind.",
  },
  IMAGE_UNCOVERED: {
    severity: "warning",
    means: "There is a policy, and no rule of it is about this image: nobody has to vouch for it.",
    advice: 'Add a rule for it to `policy`. A last one with `images: "*"` is about all the rest.',
  },
  IMAGE_UNSIGNED: {
    severity: ["error", "warning"],
    means:
      "Fewer of those whom the policy names have signed an image than it asks for; what was found is said with the reason why it does not count. It is a warning where the rule says `unsigned: warn`.",
    advice:
      "Do not use the image before its maker has said who signs it. If the policy names the wrong key, identity or trusted root, put that right.",
  },
  KEY_INVALID: {
    ends: "usage",
    means:
      "A key file is no key in PEM, holds several, or is the private half where the public one belongs, or the other way round.",
    advice:
      "Name the `.pub` file to verify and the `.key` file to sign. Keep private keys off hosts that only verify.",
  },
  KEY_LOCKED: {
    ends: "usage",
    means:
      "The private key has a passphrase, and none was given, or a wrong one; or a new key got none.",
    advice: "Give it with `DRAY_KEY_PASSPHRASE`, with `--passphrase-file`, or at the prompt.",
  },
  KEY_NOT_FOUND: {
    ends: "usage",
    means: "There is no file of this name to read a key from.",
    advice: "Check the path after `--key` or `--sign-key`.",
  },
  KEY_UNSUPPORTED: {
    ends: "usage",
    means:
      "The key is of a kind that is not used here: for bundles only P-256 and Ed25519 are, for images P-384, P-521 and RSA too, in PEM and not in cosign's own encryption.",
    advice:
      "Make a key with `dray keygen`, or sign with the PKCS#8 key that was given to `cosign import-key-pair`.",
  },
  POLICY_REFUSED: {
    ends: "refused",
    means: "Those do not vouch for an image who have to by the policy: its findings say which.",
    advice:
      "See `IMAGE_UNSIGNED` and `IMAGE_UNATTESTED`. Nothing was written and nothing was sent.",
  },
  PROVENANCE_GOOD: {
    severity: "info",
    means: "A key of the keyring has signed the chart, and the signature is for exactly this file.",
    advice: "Nothing. Compare the fingerprint if you expect a certain signer.",
  },
  PROVENANCE_MISSING: {
    severity: ["error", "warning"],
    means: "A chart has no `.prov` file beside it. It is an error with `--verify-charts`.",
    advice: "Get the chart from a place that has its provenance, or do without.",
  },
  PROVENANCE_UNCHECKED: {
    severity: ["error", "warning", "info"],
    means:
      "A chart has provenance that nobody checked, for want of a keyring or of `gpgv`. It is an error with `--verify-charts`.",
    advice: "Name the keys that you trust with `--keyring`, and install `gpgv`.",
  },
  PROVENANCE_WRONG: {
    ends: "refused",
    severity: ["error", "warning"],
    means:
      "The provenance of a chart does not hold: another text, another file, an unknown, expired or revoked key. It is an error with `--verify-charts`.",
    advice: "Do not use the chart before its maker has said which is right.",
  },
  SIGNATURE_ALTERED: {
    severity: "error",
    means: "`SHA256SUMS.sig` is another signature than the one in the Sigstore bundle beside it.",
    advice: "Copy the bundle again. If that changes nothing, find out who changed it.",
  },
  SIGNATURE_INCOMPLETE: {
    severity: "error",
    means: "Only one of the two signature files in the bundle is there.",
    advice: "Copy the bundle again: both belong to it.",
  },
  SIGNATURE_INVALID: {
    ends: "refused",
    severity: "error",
    means:
      "A signature claims a trusted key and does not fit: the list of contents or the signature was changed. It is said too of more signature files beside a bundle than are looked at.",
    advice: "Do not use the bundle. Get it again from where it was made.",
  },
  SIGNATURE_MISSING: {
    severity: ["error", "warning"],
    means: "Nobody has signed the bundle. It is a warning with `--allow-unsigned`.",
    advice: "Ask the sender for a signed bundle; `--allow-unsigned` takes it all the same.",
  },
  SIGNATURE_NOT_TRUSTED: {
    severity: ["error", "warning"],
    means:
      "Fewer of the keys that are trusted here have signed than are required. It is a warning with `--allow-unsigned`.",
    advice:
      "Ask the sender which key has signed, over another way than the bundle, and name its public half with `--key`.",
  },
  SIGNATURE_NO_KEY: {
    severity: ["error", "warning"],
    means:
      "There is no key on this host to check the signature with. It is a warning with `--allow-unsigned`.",
    advice: "Name the public key of the signer with `--key`, or put it into the trust folder.",
  },
  SIGNATURE_UNREADABLE: {
    severity: "error",
    means: "A signature file cannot be read as one.",
    advice:
      "Copy the bundle and what lies beside it again, or remove the file if it is no signature.",
  },
  SIGNATURE_UNTRUSTED: {
    severity: "info",
    means: "One more signature is there, by a key that is not trusted here.",
    advice: "Nothing, as long as keys that you trust have signed too.",
  },
  SIGN_COMMAND_FAILED: {
    ends: "failed",
    means:
      "The program that `--sign-command` names could not sign: it failed, did not end, or printed what is no signature by the key of `--sign-public-key`. No bundle was finished.",
    advice:
      "Run it by hand on any file: `COMMAND < FILE`. It has to sign the bytes as they are: ECDSA on P-256 over their SHA-256, or Ed25519.",
  },
  TRUSTED_ROOT_INVALID: {
    ends: "usage",
    means: "The file that `trustedRoot` names is no trusted root of Sigstore.",
    advice:
      "Take the `trusted_root.json` of the service that gives the certificates, or write one with `cosign trusted-root create`.",
  },
  TRUSTED_ROOT_REFUSED: {
    ends: "refused",
    means:
      "The trusted root that a policy takes from the bundle does not count: no trusted key has signed the bundle, it is not there, or it is none.",
    advice:
      "Give the key of who signs the bundle, or name a `trusted_root.json` of this machine under `trustedRoot`.",
  },
} satisfies Partial<Texts>;
