import type { Command, ListBuilder, Operand, Pipe, Ternary } from "./ast.ts";
import type { TokenReader } from "./token-reader.ts";

/** Parentheses within parentheses. */
const MAX_PARENTHESES = 100;

/** Pipelines: what stands between `{{` and `}}` after the keyword. */
export class PipelineParser {
  readonly #reader: TokenReader;
  readonly #list: () => ListBuilder;
  #depth = 0;

  /** `list` is the one that the pipeline belongs to; it is told every name and literal. */
  constructor(reader: TokenReader, list: () => ListBuilder) {
    this.#reader = reader;
    this.#list = list;
  }

  /** Up to the closing braces or parenthesis, which is not taken. */
  parse(options: { range?: boolean } = {}): Pipe {
    const { variables, assigns } = this.#declaration(options.range === true);
    if (assigns) for (const name of variables) this.#list().assigns(name);
    const [line, from] = [this.#reader.line(), this.#reader.position()];
    const commands = [this.#command()];
    while (this.#reader.takeSymbol("|") && !this.#reader.atClose()) commands.push(this.#command());
    const ternary = commands.some((one) => calls(one, "ternary"))
      ? this.#ternary(line, from)
      : undefined;
    const requires = commands.some((one) => calls(one, "required"));
    return { type: "pipe", variables, assigns, commands, requires, ternary };
  }

  #ternary(line: number, from: number): Ternary {
    const { file } = this.#reader;
    return { file, line, source: this.#reader.writtenSince(from) };
  }

  #declaration(range: boolean): Pick<Pipe, "variables" | "assigns"> {
    const first = this.#variable();
    const after = this.#reader.peek(1);
    if (first === undefined || after?.kind !== "symbol") return NOTHING_DECLARED;
    const { text } = after;
    if (text === "," && range)
      return { variables: [first, this.#second()], assigns: this.#assigns() };
    if (text !== ":=" && text !== "=") return NOTHING_DECLARED;
    this.#reader.next();
    return { variables: [first], assigns: this.#assigns() };
  }

  #second(): string {
    this.#reader.next();
    this.#reader.next();
    const second = this.#variable();
    if (second === undefined) throw this.#reader.error("expected a variable after the comma");
    this.#reader.next();
    return second;
  }

  #assigns(): boolean {
    const assigns = this.#reader.takeSymbol("=");
    if (!assigns && !this.#reader.takeSymbol(":=")) throw this.#reader.error('expected ":="');
    return assigns;
  }

  /** The name of a variable, if one comes next and no field of it. */
  #variable(): string | undefined {
    const token = this.#reader.peek();
    return token?.kind === "variable" && token.names.length === 1 ? token.names[0] : undefined;
  }

  #command(): Command {
    const first = this.#operand();
    if (first === undefined) throw this.#reader.error("a value or function is missing");
    const rest: Operand[] = [];
    for (;;) {
      const isGlued = this.#reader.peek()?.glued === true;
      const next = this.#operand();
      if (next === undefined) return { first, rest };
      if (isGlued) throw this.#reader.error("unexpected operand: a space is missing before it");
      rest.push(next);
    }
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined) return undefined;
    const next = this.#reader.peek();
    if (next?.kind !== "field" || next.glued !== true) return term;
    if (HAVE_NO_FIELDS.has(term.type)) throw this.#reader.error("unexpected . behind a value");
    this.#reader.next();
    return { type: "chain", base: term, names: this.#seen(next.names) };
  }

  #term(): Operand | undefined {
    const reader = this.#reader;
    const token = reader.peek();
    switch (token?.kind) {
      case "constant":
        reader.next();
        if (typeof token.value === "string") this.#list().seesLiteral(token.value);
        return { type: "constant", value: token.value };
      case "field":
        reader.next();
        return { type: "field", names: this.#seen(token.names) };
      case "variable": {
        reader.next();
        const [name = "$", ...names] = this.#seen(token.names);
        return { type: "variable", name, names };
      }
      case "word":
        reader.next();
        return word(token.text);
      case "symbol":
        return this.#symbol(token.text);
      default:
        return undefined;
    }
  }

  #seen(names: readonly string[]): readonly string[] {
    this.#list().sees(names.join("."));
    return names;
  }

  #symbol(symbol: string): Operand | undefined {
    if (symbol === ".") {
      this.#reader.next();
      return { type: "dot" };
    }
    if (symbol !== "(") return undefined;
    this.#reader.next();
    if (++this.#depth > MAX_PARENTHESES) {
      throw this.#reader.error(`more than ${MAX_PARENTHESES} parentheses deep`);
    }
    const pipe = this.parse();
    this.#depth--;
    if (!this.#reader.takeSymbol(")")) throw this.#reader.error("a parenthesis is not closed");
    return pipe;
  }
}

const HAVE_NO_FIELDS: ReadonlySet<Operand["type"]> = new Set(["dot", "nil", "constant"]);

const NOTHING_DECLARED = { variables: [], assigns: false };

function calls({ first }: Command, name: string): boolean {
  return first.type === "function" && first.name === name;
}

function word(text: string): Operand {
  if (text === "true" || text === "false") return { type: "constant", value: text === "true" };
  return text === "nil" ? { type: "nil" } : { type: "function", name: text };
}
