import { fn, variadic, type TemplateFunction } from "../signature.ts";
import type { Read } from "../read.ts";
import { Struct } from "../value.ts";

/** Longest random text that is asked for in earnest. */
const MAX_RANDOM = 4096;

const random = fn(["int"], ([length]) => "x".repeat(Math.max(0, Math.min(length, MAX_RANDOM))));
const certificate = variadic([], () => new Struct("sprig.certificate", { Cert: PEM, Key: PEM }));
const sameText = variadic([], () => "dray");
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
  bcrypt: sameText,
  htpasswd: fn(["string", "string"], ([user]) => `${user}:dray`),
  derivePassword: sameText,
  encryptAES: sameText,
  decryptAES: sameText,
  genPrivateKey: variadic([], () => PEM),
  genCA: certificate,
  genCAWithKey: certificate,
  genSelfSignedCert: certificate,
  genSelfSignedCertWithKey: certificate,
  genSignedCert: certificate,
  genSignedCertWithKey: certificate,
  buildCustomCert: certificate,
  getHostByName: fn(["string"], () => ""),
  lookup: variadic([], (_none, _items, call) => {
    call.asked(OBJECT);
    return new Map();
  }),
};

/** One of the cluster's objects, of which there is none here. */
const OBJECT: Read = { source: "install", path: ["lookup"], value: null };
