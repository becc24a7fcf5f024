import {
  isBlank,
  ListBuilder,
  type BranchNode,
  type Define,
  type IsNotable,
  type List,
  type Node,
  type Pipe,
  type Template,
} from "./ast.ts";
import { PipelineParser } from "./pipeline-parser.ts";
import { TokenReader } from "./token-reader.ts";

/** `{{ if }}` within `{{ if }}`: no chart comes near, and the parser's stack has an end. */
const MAX_BLOCKS = 200;

/** What an action can begin with. */
const WORDS = ["if", "with", "range", "define", "block", "template", "break", "continue"] as const;

type Ending = "end" | "else" | "eof";

export interface ParseOptions {
  /** Names the template in messages. */
  readonly file: string;
  /** Marks the parts of the tree that speak of what the caller looks for. @default none */
  readonly isNotable?: IsNotable | undefined;
}

/**
 * Parses a template as Go's text/template does.
 * @throws TemplateError
 */
export function parseTemplate(source: string, options: ParseOptions): Template {
  return new Parser(source, options).template();
}

class Parser {
  readonly #reader: TokenReader;
  readonly #pipelines: PipelineParser;
  readonly #file: string;
  readonly #defines = new Map<string, Define>();
  #isNotable: IsNotable;
  #list: ListBuilder;
  #depth = 0;
  /** Ranges around what is read just now, which `break` and `continue` are for. */
  #ranges = 0;

  constructor(source: string, { file, isNotable = () => false }: ParseOptions) {
    this.#isNotable = isNotable;
    this.#list = new ListBuilder(isNotable);
    this.#file = file;
    this.#reader = new TokenReader(source, file);
    this.#pipelines = new PipelineParser(this.#reader, () => this.#list);
  }

  template(): Template {
    const { list, ending } = this.#body();
    if (ending !== "eof") throw this.#reader.error(`unexpected {{${ending}}}`);
    return { file: this.#file, body: list, defines: this.#defines };
  }

  /** Collects the nodes of a list that stands in another, which says all that it says. */
  #inner<T>(collect: (list: ListBuilder) => T): T {
    const outer = this.#list;
    const list = new ListBuilder(this.#isNotable);
    if (++this.#depth > MAX_BLOCKS) throw this.#reader.error(`more than ${MAX_BLOCKS} blocks deep`);
    this.#list = list;
    try {
      return collect(list);
    } finally {
      this.#depth--;
      outer.includes(list);
      this.#list = outer;
    }
  }

  /** Nodes up to `{{end}}`, `{{else` or the end of the file, whose first token is taken. */
  #body(): { list: List; ending: Ending } {
    return this.#inner((list) => {
      const ending = this.#nodes(list);
      return { list: list.build(), ending };
    });
  }

  #nodes(list: ListBuilder): Ending {
    for (;;) {
      const token = this.#reader.next();
      if (token === undefined) return "eof";
      if (token.kind === "text") {
        list.sees(token.text);
        list.push({ type: "text", line: token.line, text: token.text });
        continue;
      }
      const ending = this.#reader.takeWord("end", "else");
      if (ending !== undefined) return ending;
      const node = this.#action(token.line);
      if (node !== undefined) list.push(node);
    }
  }

  #action(line: number): Node | undefined {
    const reader = this.#reader;
    const word = reader.takeWord(...WORDS);
    switch (word) {
      case "if":
      case "with":
      case "range":
        return this.#branch(word, line);
      case "define":
        if (this.#depth > 1) throw reader.error("unexpected {{define}} within another block");
        return this.#define();
      case "block":
        return this.#block(line);
      case "template":
        return this.#templateCall(line);
      case "break":
      case "continue":
        if (this.#ranges === 0) throw reader.error(`{{${word}}} outside {{range}}`);
        reader.close();
        return { type: word, line };
      default: {
        const pipe = this.#pipelines.parse();
        reader.close();
        return { type: "action", line, file: this.#file, pipe };
      }
    }
  }

  #branch(type: BranchNode["type"], line: number): BranchNode {
    const from = this.#reader.position();
    const pipe = this.#pipelines.parse({ range: type === "range" });
    const source = this.#reader.writtenSince(from);
    this.#reader.close();
    const ranges = this.#ranges;
    if (type === "range") this.#ranges++;
    const { list: body, ending } = this.#body();
    this.#ranges = ranges;
    const otherwise = this.#otherwise(ending, type);
    return { type, line, file: this.#file, source, pipe, body, otherwise };
  }

  #otherwise(ending: Ending, type: BranchNode["type"]): List | undefined {
    if (ending === "eof") throw this.#reader.error(`{{${type}}} is not closed`);
    if (ending === "end") {
      this.#reader.close();
      return undefined;
    }
    const chained = type === "range" ? undefined : this.#reader.takeWord(type);
    if (chained !== undefined) return this.#elseBranch(chained);
    this.#reader.close();
    const { list, ending: last } = this.#body();
    if (last !== "end") throw this.#reader.error(`{{else}} of {{${type}}} is not closed`);
    this.#reader.close();
    return list;
  }

  /** `{{else if}}` is an `if` alone in the else list, closed by the same `{{end}}`. */
  #elseBranch(type: "if" | "with"): List {
    return this.#inner((list) => {
      list.push(this.#branch(type, this.#reader.line()));
      return list.build();
    });
  }

  #define(): undefined {
    const name = this.#reader.string();
    this.#reader.close();
    const outer = this.#isNotable;
    // Everything in a template of such a name is part of what it makes.
    if (outer(name)) this.#isNotable = () => true;
    this.#addDefine(name, this.#closedBody("define"));
    this.#isNotable = outer;
  }

  #block(line: number): Node {
    const name = this.#reader.string();
    const pipe = this.#pipelines.parse();
    this.#reader.close();
    this.#addDefine(name, this.#closedBody("block"));
    this.#list.seesLiteral(name);
    return { type: "template", line, name, pipe };
  }

  #closedBody(word: string): List {
    const ranges = this.#ranges;
    this.#ranges = 0;
    const { list, ending } = this.#body();
    this.#ranges = ranges;
    if (ending !== "end") throw this.#reader.error(`{{${word}}} is not closed`);
    this.#reader.close();
    return list;
  }

  /** An empty definition does not replace one that says something, and two of these do not go together. */
  #addDefine(name: string, body: List): void {
    const there = this.#defines.get(name);
    if (there !== undefined && isBlank(body)) return;
    if (there !== undefined && !isBlank(there.body)) {
      throw this.#reader.error(`multiple definition of template ${JSON.stringify(name)}`);
    }
    this.#defines.set(name, { file: this.#file, body });
  }

  #templateCall(line: number): Node {
    const name = this.#reader.string();
    this.#list.seesLiteral(name);
    const pipe: Pipe | undefined = this.#reader.atClose() ? undefined : this.#pipelines.parse();
    this.#reader.close();
    return { type: "template", line, name, pipe };
  }
}
