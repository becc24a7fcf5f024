import { createHash } from "node:crypto";
import { DrayError } from "../../../errors.ts";
import { readYaml } from "../../../yaml/read.ts";
import { writeJson } from "../print.ts";
import { fn, type Call, type TemplateFunction } from "../signature.ts";
import { KnownTexts } from "./known-texts.ts";
import { readJson } from "../from-json.ts";
import { readToml } from "../from-toml.ts";
import { BudgetError, TemplateError } from "../template-error.ts";
import { writeToml } from "../to-toml.ts";
import { writeYaml } from "../to-yaml.ts";
import { isList, kindOf, type Value } from "../value.ts";

const toYaml = printing((value, { budget }) => writeYaml(value, budget));
const toJson = printing((value, { budget }) => writeJson(value, { budget, escapesHtml: true }));
const toRawJson = printing((value, { budget }) => writeJson(value, { budget }));
const toPrettyJson = printing((value, { budget }) =>
  writeJson(value, { budget, escapesHtml: true, indent: 2 }),
);

/** Encodings, hashes, YAML and JSON. Bad input comes back as the message, as Helm has it. */
export const ENCODING: Readonly<Record<string, TemplateFunction>> = {
  toYaml,
  mustToYaml: toYaml,
  toYamlPretty: printing((value, { budget }) => writeYaml(value, budget, { indentsLists: true })),
  toJson,
  mustToJson: toJson,
  toRawJson,
  mustToRawJson: toRawJson,
  toPrettyJson,
  mustToPrettyJson: toPrettyJson,
  fromYaml: fn(["string"], ([text], call) => dictFrom(text, FROM_YAML, call)),
  fromJson: fn(["string"], ([text], call) => dictFrom(text, FROM_JSON, call)),
  fromYamlArray: fn(["string"], ([text], call) => listFrom(text, FROM_YAML, call)),
  fromJsonArray: fn(["string"], ([text], call) => listFrom(text, FROM_JSON, call)),
  mustFromJson: fn(["string"], ([text], call) => readText(text, FROM_JSON, call)),
  fromToml: fn(["string"], ([text], call) => readToml(text, call)),
  toToml: fn(["any"], ([value], { budget }) => writeToml(value, budget)),
  b64enc: fn(["string"], ([text]) => Buffer.from(text).toString("base64")),
  b64dec: fn(["string"], ([text]) => fromBase64(text)),
  b32enc: fn(["string"], ([text]) => base32(Buffer.from(text))),
  b32dec: fn(["string"], ([text]) => fromBase32(text)),
  sha1sum: fn(["string"], ([text]) => hashed("sha1", text)),
  sha256sum: fn(["string"], ([text]) => hashed("sha256", text)),
  sha512sum: fn(["string"], ([text]) => hashed("sha512", text)),
  adler32sum: fn(["string"], ([text]) => String(adler32(Buffer.from(text)))),
};

/** What it prints may be read again. */
function printing(write: (value: Value, call: Call) => string): TemplateFunction {
  return fn(["any"], ([value], call) => {
    const text = write(value, call);
    call.printed(text, value);
    return text;
  });
}

function hashed(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

/** A form of text that templates read. */
interface Form {
  readonly texts: KnownTexts;
  /** What Helm's reader says before a complaint of the one of JSON. */
  readonly where: string;
}

const FROM_YAML: Form = {
  texts: new KnownTexts((text, onValue) => readYaml(text, "a text of the chart", onValue)),
  where: "error unmarshaling JSON: while decoding JSON: ",
};
const FROM_JSON: Form = { texts: new KnownTexts(readJson), where: "" };

function readText(text: string, { texts }: Form, { budget }: Call): Value {
  budget.text(text.length);
  try {
    return texts.read(text, budget);
  } catch (error) {
    if (!(error instanceof DrayError) || error instanceof BudgetError) throw error;
    throw error instanceof TemplateError ? error : new TemplateError(error.message);
  }
}

function notOf(type: string, value: Value): TemplateError {
  const kinds: Readonly<Record<string, string>> = {
    float64: "number",
    map: "object",
    slice: "array",
  };
  const kind = kindOf(value);
  return new TemplateError(
    `json: cannot unmarshal ${kinds[kind] ?? kind} into Go value of type ${type}`,
  );
}

function dictFrom(text: string, form: Form, call: Call): Value {
  try {
    const value = readText(text, form, call) ?? new Map<string, Value>();
    if (value instanceof Map) {
      call.readAgain(text, value);
      return value;
    }
    const { reason } = notOf("map[string]interface {}", value);
    return new Map<string, Value>([["Error", form.where + reason]]);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return new Map<string, Value>([["Error", error.reason]]);
  }
}

function listFrom(text: string, form: Form, call: Call): Value {
  try {
    const value = readText(text, form, call) ?? [];
    return isList(value) ? value : [form.where + notOf("[]interface {}", value).reason];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [error.reason];
  }
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  const text = groups.map((group) => BASE32[Number.parseInt(group.padEnd(5, "0"), 2)]).join("");
  return text.padEnd(Math.ceil(text.length / 8) * 8, "=");
}

/** Go's message where it is none. */
function fromBase32(text: string): string {
  const digits = text.replace(/=+$/, "");
  const wrong = Array.from(digits).findIndex((digit) => !BASE32.includes(digit));
  if (wrong !== -1) return `illegal base32 data at input byte ${wrong}`;
  const bits = Array.from(digits).map((digit) =>
    BASE32.indexOf(digit).toString(2).padStart(5, "0"),
  );
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))).toString();
}

/** Go's message where it is none. https://github.com/golang/go/blob/go1.25.0/src/encoding/base64/base64.go */
function fromBase64(text: string): string {
  const bytes = Buffer.from(text);
  const wrong = wrongBase64(bytes.toString("latin1"));
  if (wrong !== undefined) return `illegal base64 data at input byte ${wrong}`;
  return Buffer.from(text, "base64").toString();
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Where it stops to be base64; line breaks do not count. */
function wrongBase64(text: string): number | undefined {
  const plain = text.replace(/[\r\n]/g, "");
  if (BASE64.test(plain)) return undefined;
  const end = text.search(/[^A-Za-z0-9+/\r\n]/);
  return end === -1 ? text.length - (plain.length % 4) : end;
}

function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}
