import { isTypedScalar } from "../../yaml/go-yaml.ts";

/**
 * How go-yaml writes a text: as it is where it stays a text, in double quotes where it would become
 * something else, in single quotes where only its characters are in the way. Templates read such
 * texts again, so the choice of quotes matters.
 * https://github.com/yaml/go-yaml/blob/v2.4.0/encode.go, emitterc.go
 */
export type ScalarStyle = "plain" | "single" | "double" | "literal";

/** Anything that a reader could take for more than characters. */
const SPECIAL =
  /[^\n\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;
const TIMESTAMP = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?$/;
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const INDICATOR_FIRST = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?:\s|$)|---|\.\.\.)/;

export function scalarStyle(text: string): ScalarStyle {
  if (text.includes("\n")) return isBlock(text) ? "literal" : "double";
  if (isTypedScalar(text) || TIMESTAMP.test(text) || BASE_60.test(text)) return "double";
  if (SPECIAL.test(text)) return "double";
  const inTheWay = INDICATOR_FIRST.test(text) || /:(?:\s|$)|\s#|^ | $/.test(text);
  return inTheWay ? "single" : "plain";
}

function isBlock(text: string): boolean {
  return !SPECIAL.test(text) && !/ \n| $/.test(text);
}
