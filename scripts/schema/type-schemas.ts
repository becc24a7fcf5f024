import ts from "typescript";
import { describedBy, SchemaWriter, type Schema } from "./schema-writer.ts";

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  allowImportingTsExtensions: true,
  types: ["node"],
  skipLibCheck: true,
  noEmit: true,
};

/**
 * JSON Schemas (draft 2020-12) of what `JSON.stringify` makes of values of types, for each property of an
 * interface. A property whose value may be undefined may be absent. Comments become descriptions, and
 * interfaces definitions.
 */
export class TypeSchemas {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #properties: readonly ts.Symbol[];

  /** `name` is exported by `file`. */
  constructor(file: string, name: string) {
    this.#program = ts.createProgram([file], OPTIONS);
    this.#checker = this.#program.getTypeChecker();
    const source = this.#program.getSourceFile(file);
    const module = source && this.#checker.getSymbolAtLocation(source);
    const exported = module && this.#checker.getExportsOfModule(module);
    const found = exported?.find((symbol) => symbol.name === name);
    if (found === undefined) throw new Error(`${file} exports no ${name}`);
    const type = this.#checker.getDeclaredTypeOfSymbol(found);
    this.#properties = this.#checker.getPropertiesOfType(type);
  }

  /** By property, each with the definitions of all that it is made of. */
  all(): Readonly<Record<string, Schema>> {
    return Object.fromEntries(this.#properties.map((one) => [one.name, this.#of(one)]));
  }

  #of(property: ts.Symbol): Schema {
    const writer = new SchemaWriter(this.#program);
    const schema = writer.whole(this.#checker.getTypeOfSymbol(property));
    return { ...schema, ...describedBy(property, this.#checker), ...writer.definitions() };
  }
}
