/** How a text is written where another text is meant. */
export interface Coding {
  readonly decode: (text: string) => string;
  readonly encode: (text: string) => string;
}

const PLAIN: Coding = { decode: (text) => text, encode: (text) => text };

/** JSON may have `\/` for every slash, as some encoders write it. */
const ESCAPED: Coding = {
  decode: (text) => text.replaceAll("\\/", "/"),
  encode: (text) => text.replaceAll("/", "\\/"),
};

/** The data of a Secret. */
const BASE64: Coding = {
  decode: (text) => Buffer.from(text, "base64").toString(),
  encode: (text) => Buffer.from(text).toString("base64"),
};

/** The coding of a text, if it comes back from it as it was; `isSecret` for data of a Secret. */
export function codingOf(text: string, isSecret: boolean): Coding {
  const [coding] = [...(isSecret ? [BASE64] : []), ...(text.includes("\\/") ? [ESCAPED] : [])];
  if (coding === undefined) return PLAIN;
  return coding.encode(coding.decode(text)) === text ? coding : PLAIN;
}
