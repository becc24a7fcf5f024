import { createHash } from "node:crypto";
import { DrayError } from "../../../errors.ts";
import { readYaml } from "../../../yaml/read.ts";
import { writeJson } from "../print.ts";
import { fn, type Call, type TemplateFunction } from "../signature.ts";
import { BudgetError, TemplateError } from "../template-error.ts";
import { writeYaml } from "../to-yaml.ts";
import { isList, type Value } from "../value.ts";

const toYaml = fn(["any"], ([value], { budget }) => writeYaml(value, budget));
const toJson = fn(["any"], ([value], { budget }) =>
  writeJson(value, { budget, escapesHtml: true }),
);
const toRawJson = fn(["any"], ([value], { budget }) => writeJson(value, { budget }));
const toPrettyJson = fn(["any"], ([value], { budget }) =>
  writeJson(value, { budget, escapesHtml: true, indent: 2 }),
);
const fromAny = fn(["string"], ([text], call) => readText(text, call));

/** Encodings, hashes, YAML and JSON. Bad input comes back as the message, as Helm has it. */
export const ENCODING: Readonly<Record<string, TemplateFunction>> = {
  toYaml,
  mustToYaml: toYaml,
  toYamlPretty: toYaml,
  toJson,
  mustToJson: toJson,
  toRawJson,
  mustToRawJson: toRawJson,
  toPrettyJson,
  mustToPrettyJson: toPrettyJson,
  fromYaml: fn(["string"], ([text], call) => dictFrom(text, call)),
  fromJson: fn(["string"], ([text], call) => dictFrom(text, call)),
  fromYamlArray: fn(["string"], ([text], call) => listFrom(text, call)),
  fromJsonArray: fn(["string"], ([text], call) => listFrom(text, call)),
  mustFromJson: fromAny,
  toToml: fn(["any"], ([value], { budget }) => writeJson(value, { budget })),
  b64enc: fn(["string"], ([text]) => Buffer.from(text).toString("base64")),
  b64dec: fn(["string"], ([text]) => Buffer.from(text, "base64").toString()),
  b32enc: fn(["string"], ([text]) => base32(Buffer.from(text))),
  sha1sum: fn(["string"], ([text]) => hashed("sha1", text)),
  sha256sum: fn(["string"], ([text]) => hashed("sha256", text)),
  sha512sum: fn(["string"], ([text]) => hashed("sha512", text)),
  adler32sum: fn(["string"], ([text]) => String(adler32(Buffer.from(text)))),
};

function hashed(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

function readText(text: string, { budget }: Call): Value {
  budget.text(text.length);
  try {
    return readYaml(text, "a text of the chart", () => budget.step());
  } catch (error) {
    if (!(error instanceof DrayError) || error instanceof BudgetError) throw error;
    throw new TemplateError(error.message);
  }
}

function dictFrom(text: string, call: Call): Value {
  try {
    const value = readText(text, call);
    return value instanceof Map ? value : new Map();
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return new Map<string, Value>([["Error", error.reason]]);
  }
}

function listFrom(text: string, call: Call): Value {
  try {
    const value = readText(text, call);
    return isList(value) ? value : [];
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

function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}
