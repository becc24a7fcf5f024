import ts from "typescript";

/** A JSON Schema, as far as it is made here. */
export interface Schema {
  [keyword: string]: unknown;
}

/** One schema and its definitions. */
export class SchemaWriter {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #names = new Map<ts.Type, string>();
  readonly #defs = new Map<string, Schema>();

  constructor(program: ts.Program) {
    this.#program = program;
    this.#checker = program.getTypeChecker();
  }

  definitions(): Schema {
    if (this.#defs.size === 0) return {};
    const sorted = [...this.#defs].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return { $defs: Object.fromEntries(sorted) };
  }

  /** Without a reference: the type that a document is. */
  whole(type: ts.Type): Schema {
    if (!type.isUnion()) return this.#object(type);
    return { anyOf: type.types.map((one) => this.#object(one)) };
  }

  #of(type: ts.Type): Schema {
    if (type.isUnion()) return this.#union(type.types);
    return this.#literal(type) ?? this.#plain(type) ?? this.#list(type) ?? this.#named(type);
  }

  #literal(type: ts.Type): Schema | undefined {
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if ((type.flags & ts.TypeFlags.BooleanLiteral) === 0) return undefined;
    return { const: this.#checker.typeToString(type) === "true" };
  }

  /** Branded strings are intersections of a string and what only the compiler sees. */
  #plain(type: ts.Type): Schema | undefined {
    if (type.isIntersection()) {
      const base = type.types.map((one) => this.#plain(one)).find((one) => one !== undefined);
      if (base !== undefined) return base;
    }
    if ((type.flags & ts.TypeFlags.StringLike) !== 0) return { type: "string" };
    if ((type.flags & ts.TypeFlags.NumberLike) !== 0) return { type: "number" };
    if ((type.flags & ts.TypeFlags.Null) !== 0) return { type: "null" };
    return undefined;
  }

  #list(type: ts.Type): Schema | undefined {
    if (!this.#checker.isArrayType(type) && !this.#checker.isTupleType(type)) return undefined;
    const items = this.#checker.getTypeArguments(type as ts.TypeReference);
    return { type: "array", items: this.#union(items) };
  }

  #union(all: readonly ts.Type[]): Schema {
    const types = all.filter((one) => (one.flags & ts.TypeFlags.Undefined) === 0);
    const booleans = types.filter((one) => (one.flags & ts.TypeFlags.BooleanLiteral) !== 0);
    const rest = booleans.length === 2 ? types.filter((one) => !booleans.includes(one)) : types;
    const literals = rest.flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
    const others = rest.filter((one) => !one.isStringLiteral()).map((one) => this.#of(one));
    const schemas = [
      ...(booleans.length === 2 ? [{ type: "boolean" }] : []),
      ...oneOf(literals),
      ...others,
    ];
    const [first] = schemas;
    return schemas.length === 1 && first !== undefined ? first : { anyOf: schemas };
  }

  /** An interface becomes a definition under its name, all else stands where it is. */
  #named(type: ts.Type): Schema {
    const name = this.#nameOf(type);
    if (name === undefined) return this.#object(type);
    const known = this.#names.get(type);
    if (known !== undefined) return { $ref: `#/$defs/${known}` };
    const free = this.#free(name);
    this.#names.set(type, free);
    this.#defs.set(free, {});
    const described = type.symbol === undefined ? {} : describedBy(type.symbol, this.#checker);
    this.#defs.set(free, { ...this.#object(type), ...described });
    return { $ref: `#/$defs/${free}` };
  }

  /** Two types of one name come from two files. */
  #free(name: string): string {
    let free = name;
    for (let count = 2; this.#defs.has(free); count++) free = `${name}${count}`;
    return free;
  }

  #object(type: ts.Type): Schema {
    const values = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    if (values !== undefined) {
      return { type: "object", additionalProperties: this.#values(values) };
    }
    const properties = this.#checker.getPropertiesOfType(type);
    if (type.getCallSignatures().length > 0 || this.#isBuiltIn(type.symbol)) {
      throw new Error(`${this.#checker.typeToString(type)} is nothing that JSON could hold`);
    }
    const entries = properties.map((property) => [property.name, this.#property(property)] as const);
    const required = properties.filter((one) => !this.#mayBeAbsent(one)).map(({ name }) => name);
    return {
      type: "object",
      properties: Object.fromEntries(entries),
      ...(required.length === 0 ? {} : { required: required.toSorted() }),
    };
  }

  /** Settings of a file are whatever the file may say. */
  #values(type: ts.Type): Schema | true {
    return (type.flags & ts.TypeFlags.Unknown) !== 0 ? true : this.#of(type);
  }

  #property(property: ts.Symbol): Schema {
    return { ...this.#of(this.#typeOf(property)), ...describedBy(property, this.#checker) };
  }

  #mayBeAbsent(property: ts.Symbol): boolean {
    if ((property.flags & ts.SymbolFlags.Optional) !== 0) return true;
    const type = this.#typeOf(property);
    const parts = type.isUnion() ? type.types : [type];
    return parts.some((one) => (one.flags & ts.TypeFlags.Undefined) !== 0);
  }

  /** Undefined for what has none of its own, such as a table of texts. */
  #nameOf(type: ts.Type): string | undefined {
    const symbol = type.aliasSymbol ?? type.symbol;
    return symbol.name.startsWith("__") || this.#isBuiltIn(symbol) ? undefined : symbol.name;
  }

  /** Of JavaScript itself: a Map, a Date, a Readonly. */
  #isBuiltIn(symbol: ts.Symbol | undefined): boolean {
    const [declaration] = symbol?.declarations ?? [];
    const source = declaration?.getSourceFile();
    return source !== undefined && this.#program.isSourceFileDefaultLibrary(source);
  }

  #typeOf(property: ts.Symbol): ts.Type {
    return this.#checker.getTypeOfSymbol(property);
  }
}

/** Longer lists, of codes, get longer with every release: a document of the next one is no worse for that. */
const MAX_CHOICES = 40;

function oneOf(literals: readonly string[]): Schema[] {
  const [first] = literals;
  if (literals.length > MAX_CHOICES) return [{ type: "string" }];
  if (literals.length > 1) return [{ type: "string", enum: literals.toSorted() }];
  return first === undefined ? [] : [{ const: first }];
}

/** What its comment says, without tags, in one line. */
export function describedBy(symbol: ts.Symbol, checker: ts.TypeChecker): Schema {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  return text === "" ? {} : { description: text.replace(/\s+/g, " ") };
}
