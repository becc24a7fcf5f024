import { withMethods } from "../field.ts";
import { fn, variadic, type TemplateFunction } from "../signature.ts";
import { Struct } from "../value.ts";

/**
 * Functions whose results differ from run to run or come from outside: random texts, keys, the
 * clock, the network, the cluster. Nothing that decides on an image comes from them, so they answer
 * the same every time.
 */
const FIXED_TIME = new Date("2024-01-01T00:00:00Z");

/** Longest random text that is asked for in earnest. */
const MAX_RANDOM = 4096;

const random = fn(["int"], ([length]) => "x".repeat(Math.max(0, Math.min(length, MAX_RANDOM))));
const certificate = variadic([], () => new Struct("sprig.certificate", { Cert: PEM, Key: PEM }));
const sameText = variadic([], () => "dray");
const PEM = "-----BEGIN DRAY-----\n-----END DRAY-----\n";

const now = withMethods(new Struct("time.Time", {}, FIXED_TIME.toISOString()), {
  Unix: fn([], () => BigInt(FIXED_TIME.getTime() / 1000)),
  Year: fn([], () => BigInt(FIXED_TIME.getUTCFullYear())),
  Format: fn(["string"], ([layout]) => formatted(layout)),
  String: fn([], () => FIXED_TIME.toISOString()),
});

const date = variadic(["string"], ([layout]) => formatted(layout));
const time = variadic([], () => now);

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
  now: time,
  toDate: time,
  mustToDate: time,
  dateModify: time,
  date_modify: time,
  mustDateModify: time,
  must_date_modify: time,
  date,
  dateInZone: date,
  date_in_zone: date,
  htmlDate: variadic([], () => formatted("2006-01-02")),
  htmlDateInZone: variadic([], () => formatted("2006-01-02")),
  unixEpoch: variadic([], () => String(FIXED_TIME.getTime() / 1000)),
  ago: variadic([], () => "0s"),
  duration: variadic([], () => "0s"),
  durationRound: variadic([], () => "0s"),
  getHostByName: fn(["string"], () => ""),
  lookup: variadic([], () => new Map()),
};

/** Go's layouts name the parts of one reference time. https://pkg.go.dev/time@go1.25.0#Layout */
function formatted(layout: string): string {
  const [year = "", month = "", day = "", hour = "", minute = "", second = ""] =
    FIXED_TIME.toISOString().split(/[-T:.]/);
  const parts: Readonly<Record<string, string>> = {
    "2006": year,
    "01": month,
    "02": day,
    "15": hour,
    "04": minute,
    "05": second,
  };
  return layout.replace(/2006|01|02|15|04|05/g, (part) => parts[part] ?? part);
}
