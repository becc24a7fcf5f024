import {
  characterOf,
  floatText,
  integerText,
  padded,
  quotedCharacter,
  stringText,
  unicodeText,
  type Layout,
} from "./printf-layout.ts";
import { ADDRESS, format } from "./print.ts";
import {
  Integer,
  integerOf,
  isList,
  sortedKeys,
  Struct,
  typeOf,
  type Dict,
  type Value,
} from "./value.ts";

const NUMBER_VERBS = "vbgGxXfFeE";
const TEXT_VERBS = "vsxXq";

/** Prints values in one layout. */
export class Printer {
  readonly #layout: Layout;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** What is given to `printf`. */
  argument(value: Value, verb: string): string {
    if (value === null) {
      return verb === "T" || verb === "v"
        ? padded("<nil>", this.#layout)
        : this.#wrong(value, verb);
    }
    if (verb === "T") return stringText(typeOf(value), "s", this.#layout);
    if (verb === "p") return this.#pointer(value);
    // It is for errors alone.
    if (verb === "w") return this.#wrong(value, verb);
    // What is too large to be printed is no better in another form.
    if (typeof value === "object") format(value);
    return this.#value(value, verb, 0);
  }

  #value(value: Value, verb: string, depth: number): string {
    if (value === null) return this.#layout.sharpV ? "interface {}(nil)" : "<nil>";
    if (value instanceof Map) return this.#map(value, verb, depth);
    if (value instanceof Struct) return this.#struct(value, verb, depth);
    if (typeof value === "object" && isList(value)) return this.#list(value, verb, depth);
    const whole = integerOf(value);
    if (whole !== undefined) return this.#integer(value, whole, verb);
    return this.#scalar(value, verb) ?? this.#wrong(value, verb);
  }

  /** Undefined for a verb that does not fit. */
  #scalar(value: Value, verb: string): string | undefined {
    const layout = this.#layout;
    if (typeof value === "string" && TEXT_VERBS.includes(verb))
      return stringText(value, verb, layout);
    if (typeof value === "number" && NUMBER_VERBS.includes(verb))
      return floatText(value, verb, layout);
    const isBoolean = typeof value === "boolean" && (verb === "t" || verb === "v");
    return isBoolean ? padded(String(value), layout) : undefined;
  }

  #integer(value: Value, whole: bigint, verb: string): string {
    const layout = this.#layout;
    switch (verb) {
      case "v": {
        const isUnsigned = value instanceof Integer && value.kind !== "int64";
        const isHex = layout.sharpV && isUnsigned;
        return integerText(whole, isHex ? "x" : "d", { ...layout, sharp: isHex });
      }
      case "c":
        return padded(characterOf(whole), layout);
      case "q":
        return quotedCharacter(whole, layout);
      case "U":
        return unicodeText(whole, layout);
      default:
        return "dboOxX".includes(verb)
          ? integerText(whole, verb, layout)
          : this.#wrong(value, verb);
    }
  }

  #map(dict: Dict, verb: string, depth: number): string {
    const entries = sortedKeys(dict).map(
      (key) =>
        `${this.#value(key, verb, depth + 1)}:${this.#value(dict.get(key) ?? null, verb, depth + 1)}`,
    );
    if (this.#layout.sharpV) return `${typeOf(dict)}{${entries.join(", ")}}`;
    return `map[${entries.join(" ")}]`;
  }

  #list(list: readonly Value[], verb: string, depth: number): string {
    const items = list.map((item) => this.#value(item, verb, depth + 1));
    if (this.#layout.sharpV) return `${typeOf(list)}{${items.join(", ")}}`;
    return `[${items.join(" ")}]`;
  }

  #struct(struct: Struct, verb: string, depth: number): string {
    const { text } = struct.shown;
    if (text !== undefined)
      return stringText(text, TEXT_VERBS.includes(verb) ? verb : "s", this.#layout);
    if (struct.isPointer && depth > 0) return ADDRESS;
    const { plusV, sharpV } = this.#layout;
    const fields = struct.ownFields.map(
      ([name, value]) => (plusV || sharpV ? `${name}:` : "") + this.#value(value, verb, depth + 1),
    );
    const mark = struct.isPointer ? "&" : "";
    if (!sharpV) return `${mark}{${fields.join(" ")}}`;
    return `${mark}${struct.type.replace("*", "")}{${fields.join(", ")}}`;
  }

  #pointer(value: Value): string {
    const isPointer =
      value instanceof Map || isList(value) || (value instanceof Struct && value.isPointer);
    return isPointer ? ADDRESS : this.#wrong(value, "p");
  }

  /** What Go says of a verb that does not fit. */
  #wrong(value: Value, verb: string): string {
    if (value === null) return `%!${verb}(<nil>)`;
    return `%!${verb}(${typeOf(value)}=${this.#value(value, "v", 0)})`;
  }
}
