/**
 * A value of the template language. Go's `int` is `bigint` and its floats are `number`, because
 * templates tell them apart: values from YAML are floats, `1` in a template is an integer.
 */
export type Value = null | string | boolean | bigint | number | Integer | Compound | Struct;
type Compound = readonly Value[] | Dict;

/** A Go integer that is no `int`: arithmetic and `--set` give an `int64`, which some functions insist on. */
export class Integer {
  readonly kind: "int64" | "uint64" | "uint8";
  readonly value: bigint;

  private constructor(kind: Integer["kind"], value: bigint) {
    this.kind = kind;
    this.value = value;
  }

  static int64(value: bigint): Integer {
    return new Integer("int64", BigInt.asIntN(64, value));
  }

  static uint64(value: bigint): Integer {
    return new Integer("uint64", value);
  }

  static uint8(value: number): Integer {
    return new Integer("uint8", BigInt(value));
  }

  /** Another number of the same type. */
  like(value: bigint): Integer {
    return new Integer(this.kind, value);
  }

  toString(): string {
    return this.value.toString();
  }
}

/** The number of an integer of any kind. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === "bigint") return value;
  return value instanceof Integer ? value.value : undefined;
}

/** A Go map with string keys, read in key order. */
export type Dict = Map<string, Value>;

/** The keys of `dict` in the order in which Go goes through them. */
export function sortedKeys(dict: Dict): string[] {
  return [...dict.keys()].toSorted(byCodePoint);
}

/** Go sorts strings by their bytes, which is the order of their code points. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How a Go struct is shown, where that is not by its fields alone. */
interface Shown {
  /** What printing it shows. */
  readonly text?: string;
  /** What an action prints of it alone, which knows where it stands. */
  readonly addressed?: string;
  /** Its fields in order, where others can be asked for too. */
  readonly fields?: readonly string[];
  /** Names of fields in JSON, as Go's tags have them: empty for one whose own fields stand in its place. */
  readonly tags?: Readonly<Record<string, string>>;
  /** All of it in JSON. */
  readonly json?: string;
}

/** A Go struct, or a pointer to one where its type begins with `*`: only the fields and methods it declares exist. */
export class Struct {
  readonly type: string;
  readonly fields: ReadonlyMap<string, Value>;
  readonly shown: Shown;

  constructor(type: string, fields: Readonly<Record<string, Value>>, shown: Shown = {}) {
    this.type = type;
    this.fields = new Map(Object.entries(fields));
    this.shown = shown;
  }

  get isPointer(): boolean {
    return this.type.startsWith("*");
  }

  /** Its own fields. */
  get ownFields(): readonly (readonly [string, Value])[] {
    const names = this.shown.fields ?? [...this.fields.keys()];
    return names.map((name) => [name, this.fields.get(name) ?? null]);
  }
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/**
 * What `if` asks: zero, empty and nil are false, a struct never is.
 * https://pkg.go.dev/text/template@go1.25.0#hdr-Actions
 */
export function isTrue(value: Value): boolean {
  if (value === null || value === false || value === "") return false;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "bigint") return value !== 0n;
  if (value instanceof Integer) return value.value !== 0n;
  if (value instanceof Map) return value.size > 0;
  return !isList(value) || value.length > 0;
}

/** The kind as Go's reflection names it. */
export function kindOf(value: Value): string {
  if (value === null) return "invalid";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (value instanceof Integer) return value.kind;
  if (typeof value === "number") return "float64";
  if (value instanceof Map) return "map";
  if (value instanceof Struct) return value.isPointer ? "ptr" : "struct";
  return "slice";
}

/** What a Go list or map can be of that is not of just anything. */
type OwnType =
  | "[]string"
  | "[]int"
  | "[][]interface {}"
  | "[]*chart.Maintainer"
  | "[]*chart.Dependency"
  | "map[string]string"
  | "chartutil.Values"
  | "chartutil.VersionSet"
  | "engine.files";

const ownTypes = new WeakMap<object, OwnType>();

/** Gives a list or map a type of its own, and gives it back. */
export function ofType<V extends Compound>(type: OwnType, value: V): V {
  ownTypes.set(value, type);
  return value;
}

/** Gives a copy the type of what it is a copy of. */
export function likeType<V extends Compound>(original: Compound, copy: V): V {
  const type = ownTypes.get(original);
  return type === undefined ? copy : ofType(type, copy);
}

/** True for a map of texts, of which what it lacks is the empty text, and which is no `dict` to a function. */
export function isTextMap(value: Dict): boolean {
  return ownTypes.get(value) === "map[string]string";
}

/** The type as `%T` prints it. */
export function typeOf(value: Value): string {
  if (value === null) return "<nil>";
  if (value instanceof Struct) return value.type;
  if (value instanceof Map) return ownTypes.get(value) ?? "map[string]interface {}";
  return isList(value) ? (ownTypes.get(value) ?? "[]interface {}") : kindOf(value);
}

/** A copy that shares nothing that can be changed. */
export function copyDict(dict: Dict): Dict {
  const copy: Dict = new Map();
  for (const [key, value] of dict) copy.set(key, copyValue(value));
  return likeType(dict, copy);
}

export function copyValue(value: Value): Value {
  if (value instanceof Map) return copyDict(value);
  return isList(value) ? likeType(value, value.map(copyValue)) : value;
}

/** `onValue` pays for each value that is compared. */
export function deepEqual(a: Value, b: Value, onValue: () => void): boolean {
  onValue();
  if (a instanceof Map && b instanceof Map) {
    return (
      ownTypes.get(a) === ownTypes.get(b) &&
      a.size === b.size &&
      [...a].every(([key, value]) => sameEntry(b, [key, value], onValue))
    );
  }
  if (isList(a) && isList(b)) {
    if (ownTypes.get(a) !== ownTypes.get(b)) return false;
    return a.length === b.length && a.every((item, at) => deepEqual(item, b[at] ?? null, onValue));
  }
  return isIdentical(a, b);
}

/** True for the same number or text, and of tables and lists for the very same one. */
export function isIdentical(a: Value, b: Value): boolean {
  if (a instanceof Integer && b instanceof Integer) return a.kind === b.kind && a.value === b.value;
  return a === b;
}

function sameEntry(
  dict: Dict,
  [key, value]: readonly [string, Value],
  onValue: () => void,
): boolean {
  return dict.has(key) && deepEqual(dict.get(key) ?? null, value, onValue);
}
