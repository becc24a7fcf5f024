import { fn, type TemplateFunction } from "../signature.ts";
import type { Read } from "../read.ts";
import { Struct, type Value } from "../value.ts";

/** Longest random text that is asked for in earnest. */
const MAX_RANDOM = 4096;

const random = fn(["int"], ([length]) => "x".repeat(Math.max(0, Math.min(length, MAX_RANDOM))));
const SAME = "dray";
const PEM = "-----BEGIN DRAY-----\n-----END DRAY-----\n";

/**
 * Functions whose results differ from run to run or come from outside: random texts, keys, the
 * network, the cluster. Nothing that decides on an image comes from them, so they answer the same
 * every time.
 */
export const STAND_INS: Readonly<Record<string, TemplateFunction>> = {
  randAlphaNum: random,
  randAlpha: random,
  randAscii: random,
  randNumeric: fn(["int"], ([length]) => "1".repeat(Math.max(0, Math.min(length, MAX_RANDOM)))),
  randBytes: random,
  randInt: fn(["int", "int"], ([low]) => BigInt(low)),
  shuffle: fn(["string"], ([text]) => text),
  uuidv4: fn([], () => "00000000-0000-4000-8000-000000000000"),
  bcrypt: fn(["string"], () => SAME),
  htpasswd: fn(["string", "string"], ([user]) => `${user}:dray`),
  derivePassword: fn(["any", "string", "string", "string", "string"], () => SAME),
  encryptAES: fn(["string", "string"], () => SAME),
  decryptAES: fn(["string", "string"], () => SAME),
  genPrivateKey: fn(["string"], () => PEM),
  genCA: fn(["string", "int"], certificate),
  genCAWithKey: fn(["string", "int", "string"], certificate),
  genSelfSignedCert: fn(["string", "any", "any", "int"], certificate),
  genSelfSignedCertWithKey: fn(["string", "any", "any", "int", "string"], certificate),
  genSignedCert: fn(["string", "any", "any", "int", "any"], certificate),
  genSignedCertWithKey: fn(["string", "any", "any", "int", "any", "string"], certificate),
  buildCustomCert: fn(["string", "string"], certificate),
  getHostByName: fn(["string"], () => ""),
  lookup: fn(["string", "string", "string", "string"], (_none, call) => {
    call.asked(OBJECT);
    return new Map();
  }),
};

function certificate(): Value {
  return new Struct("sprig.certificate", { Cert: PEM, Key: PEM });
}

/** One of the cluster's objects, of which there is none here. */
const OBJECT: Read = { source: "install", path: ["lookup"], value: null };
