import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { newKey } from "../../fixtures/bundles.ts";
import { hasErrors } from "../../src/finding.ts";
import { DrayError } from "../../src/errors.ts";
import type { PrivateKey } from "../../src/trust/keys.ts";
import { checkSignatures, type TrustPolicy } from "../../src/trust/policy.ts";
import type { FoundSignature } from "../../src/trust/detached.ts";
import { parseDetached, signDetached } from "../../src/trust/detached.ts";

const MESSAGE = Buffer.from("the list");
const ALICE = newKey("alice.key");
const BOB = newKey("bob.key");
const EVE = newKey("eve.key");

function by(key: PrivateKey, message = MESSAGE): FoundSignature {
  return { entry: `${key.id}.sigstore.json`, bytes: signDetached(key, message).bundle };
}

function trusting(...keys: PrivateKey[]): TrustPolicy {
  return { keys: keys.map(({ publicKey }) => publicKey) };
}

function judge(
  signatures: readonly FoundSignature[],
  policy: TrustPolicy,
): { good: boolean; codes: string[]; by: string[] } {
  const { findings, signedBy } = checkSignatures(MESSAGE, signatures, policy);
  return {
    good: !hasErrors(findings),
    codes: findings.map(({ code }) => code),
    by: signedBy.map(({ id }) => id),
  };
}

/** A signature with something changed in its JSON. */
function changed(key: PrivateKey, change: (text: string) => string): FoundSignature {
  const { entry, bytes } = by(key);
  return { entry, bytes: Buffer.from(change(bytes.toString())) };
}

describe("a signature", () => {
  it("by a trusted key is enough", () => {
    expect(judge([by(ALICE)], trusting(ALICE))).toEqual({ good: true, codes: [], by: [ALICE.id] });
    expect(judge([by(ALICE)], trusting(BOB, ALICE)).good).toBe(true);
  });

  it("by nobody is not enough", () => {
    expect(judge([], trusting(ALICE))).toEqual({
      good: false,
      codes: ["SIGNATURE_MISSING"],
      by: [],
    });
  });

  it("by an untrusted key is not enough, and is told from a broken one", () => {
    expect(judge([by(EVE)], trusting(ALICE))).toEqual({
      good: false,
      codes: ["SIGNATURE_UNTRUSTED", "SIGNATURE_NOT_TRUSTED"],
      by: [],
    });
  });

  it("by an untrusted key beside a trusted one does no harm", () => {
    expect(judge([by(EVE), by(ALICE)], trusting(ALICE))).toMatchObject({
      good: true,
      by: [ALICE.id],
    });
  });

  it("over another message is refused, also beside a good one", () => {
    const other = by(ALICE, Buffer.from("another list"));
    expect(judge([other], trusting(ALICE)).codes).toContain("SIGNATURE_INVALID");
    expect(judge([by(BOB), other], trusting(ALICE, BOB))).toMatchObject({ good: false });
  });

  it("that names a trusted key and is by another is refused", () => {
    const forged = changed(EVE, (text) => text.replace(EVE.id, ALICE.id));
    expect(judge([forged], trusting(ALICE)).codes).toContain("SIGNATURE_INVALID");
  });

  it("that names no key, or another one, counts if it verifies: a name proves nothing", () => {
    for (const hint of ["", EVE.id, "alice"]) {
      const renamed = changed(ALICE, (text) => text.replace(ALICE.id, hint));
      expect(judge([renamed], trusting(ALICE)).good).toBe(true);
    }
  });

  it("that states another digest than it was made over is refused", () => {
    const zeros = Buffer.alloc(32).toString("base64");
    const lying = changed(ALICE, (text) => text.replace(/("digest": )"[^"]+"/, `$1"${zeros}"`));
    expect(judge([lying], trusting(ALICE))).toMatchObject({
      good: false,
      codes: ["SIGNATURE_INVALID", "SIGNATURE_NOT_TRUSTED"],
    });
  });

  it("that cannot be read is refused, also beside a good one", () => {
    for (const bytes of ["", "{}", "rubbish", "[]", '{"mediaType":1}', "x".repeat(100_000)]) {
      const broken = { entry: "x.sigstore.json", bytes: Buffer.from(bytes) };
      expect(judge([by(ALICE), broken], trusting(ALICE))).toMatchObject({
        good: false,
        codes: ["SIGNATURE_UNREADABLE"],
      });
    }
  });

  it("without any key to check it with is refused, with the way out named", () => {
    const { findings } = checkSignatures(MESSAGE, [by(ALICE)], { keys: [] });
    expect(findings.at(-1)).toMatchObject({
      code: "SIGNATURE_NO_KEY",
      severity: "error",
      hint: expect.stringContaining("--key") as string,
    });
  });
});

describe("several signatures", () => {
  it("of different keys count, as many as are required", () => {
    const policy = { ...trusting(ALICE, BOB), require: 2 };
    expect(judge([by(ALICE), by(BOB)], policy)).toMatchObject({
      good: true,
      by: [ALICE.id, BOB.id],
    });
    expect(judge([by(ALICE)], policy)).toMatchObject({
      good: false,
      codes: ["SIGNATURE_NOT_TRUSTED"],
    });
    expect(judge([by(ALICE), by(EVE)], policy).good).toBe(false);
  });

  it("of one key count once", () => {
    const policy = { ...trusting(ALICE, BOB), require: 2 };
    expect(judge([by(ALICE), by(ALICE)], policy)).toMatchObject({ good: false, by: [ALICE.id] });
  });

  it("by a key that is named twice count once", () => {
    const policy = { ...trusting(ALICE, ALICE), require: 2 };
    expect(judge([by(ALICE), by(ALICE)], policy).good).toBe(false);
  });

  it.each([0, -1, Number.NaN, 0.5])("cannot be required to be %d: one is the least", (require) => {
    expect(judge([], { ...trusting(ALICE), require }).good).toBe(false);
    expect(judge([by(ALICE)], { ...trusting(ALICE), require }).good).toBe(true);
  });
});

describe("whoever allows what is not signed", () => {
  it("takes nothing, and what nobody trusted has signed, and is told so", () => {
    for (const signatures of [[], [by(EVE)]]) {
      const { findings } = checkSignatures(MESSAGE, signatures, {
        ...trusting(ALICE),
        allowUnsigned: true,
      });
      expect(hasErrors(findings)).toBe(false);
      expect(findings.at(-1)?.severity).toBe("warning");
    }
  });

  it("does not take what claims a trusted key and does not fit", () => {
    const other = by(ALICE, Buffer.from("another list"));
    expect(judge([other], { ...trusting(ALICE), allowUnsigned: true }).good).toBe(false);
  });
});

describe("parseDetached()", () => {
  it("reads what signDetached() writes", () => {
    const { bundle, signature } = signDetached(ALICE, MESSAGE);
    expect(parseDetached(bundle, "x")).toMatchObject({ hint: ALICE.id, signature });
    expect(JSON.parse(bundle.toString())).toMatchObject({
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    });
  });

  it.each([
    ["another kind of bundle", (text: string) => text.replace("bundle.v0.3", "bundle.v0.1")],
    ["another hash", (text: string) => text.replace("SHA2_256", "SHA2_512")],
    ["a certificate instead of a key", (text: string) => text.replace("publicKey", "certificate")],
    [
      "an attestation instead of a message",
      (text: string) => text.replace("messageSignature", "dsseEnvelope"),
    ],
    [
      "a signature that is no base64",
      (text: string) => text.replace(/"signature": "./, '"signature": "*'),
    ],
    ["a name that stands twice", (text: string) => text.replace("{", '{"mediaType":"x",')],
  ])("refuses %s", (_what, change) => {
    const { bundle } = signDetached(ALICE, MESSAGE);
    const text = bundle.toString();
    expect(change(text)).not.toBe(text);
    expect(() => parseDetached(Buffer.from(change(text)), "x")).toThrow(DrayError);
  });

  it("throws nothing but DrayError, and no changed byte makes a signature good for another message", () => {
    const { bundle } = signDetached(ALICE, MESSAGE);
    fc.assert(
      fc.property(fc.nat(bundle.length - 1), fc.integer({ min: 1, max: 255 }), (at, xor) => {
        const bytes = Buffer.from(bundle);
        bytes.writeUInt8(bytes.readUInt8(at) ^ xor, at);
        const result = checkSignatures(
          Buffer.from("another list"),
          [{ entry: "x", bytes }],
          trusting(ALICE),
        );
        expect(hasErrors(result.findings)).toBe(true);
      }),
    );
  });
});
