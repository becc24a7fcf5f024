import { failsFor, isSequence, parse, readValue, type Reading, type YamlValue } from "./read.ts";

/**
 * As `readTexts`, with texts as Go has them whose programs read YAML as if it were JSON, Helm and its like:
 * unless they are quoted, `yes` is `true`, 1.10 is 1.1 and 0x10 is 16.
 * https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function readGoTexts(text: string, what: string): unknown {
  const value = readValue(text, { scalars: "goTexts", fail: failsFor(what) });
  return plain(value, (scalar) => scalar);
}

/** Values in what a user writes by hand. */
const MAX_USER_VALUES = 100_000;

/**
 * One YAML document in which every scalar is the text that stands there: a version 1.10 stays 1.10.
 * What is written as nothing, `~` or `null` is null.
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function readTexts(text: string, what: string): unknown {
  const value = readValue(text, { scalars: "texts", fail: failsFor(what) });
  return plain(value, (scalar) =>
    scalar === "" || scalar === "null" || scalar === "~" ? null : scalar,
  );
}

/**
 * YAML that a user wrote, in which nothing is taken for anything else: every scalar is the text that
 * stands there, `null` too, and no key stands twice. A document without any is null.
 * @throws DrayError made by `fail`
 */
export function readUserYaml(text: string, fail: Reading["fail"]): unknown {
  const value = readValue(text, {
    scalars: "texts",
    fail,
    uniqueKeys: true,
    maxValues: MAX_USER_VALUES,
  });
  return value === null ? null : plain(value, (scalar) => scalar ?? "");
}

/** Tables as objects, and what `scalar` makes of everything that is no table or list. */
function plain(value: YamlValue, scalar: (value: YamlValue) => unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item, scalar)]));
  }
  return isSequence(value) ? value.map((item) => plain(item, scalar)) : scalar(value);
}

/**
 * What stands below `path` in a document that may be too large to be copied. Aliases are not written
 * out, so what comes back may be shared, or hold itself: whoever reads it picks.
 * @throws DrayError `DRAY_YAML_INVALID`
 */
export function pickTexts(text: string, path: readonly string[], what: string): unknown {
  let value = parse(text, { scalars: "texts", fail: failsFor(what) });
  for (const key of path) {
    const isTable = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = isTable ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}
