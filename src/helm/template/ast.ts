/** The tree of a parsed template. https://pkg.go.dev/text/template/parse@go1.25.0 */

export interface Template {
  /** Path of the file, or what called `tpl`. */
  readonly file: string;
  readonly body: List;
  readonly defines: ReadonlyMap<string, Define>;
}

export interface Define {
  readonly file: string;
  readonly body: List;
}

/** Nodes in order, with what can be said of them without running them. */
export interface List {
  readonly nodes: readonly Node[];
  /** A name or text in it is one that whoever parsed it looks for. */
  readonly notable: boolean;
  /** Literal strings in it, among them the names of the templates it calls. */
  readonly literals: readonly string[];
  /** Variables in it that get another value. */
  readonly assigned: readonly string[];
}

export type Node =
  | TextNode
  | ActionNode
  | BranchNode
  | TemplateNode
  | { readonly type: "break" | "continue"; readonly line: number };

interface TextNode {
  readonly type: "text";
  readonly line: number;
  readonly text: string;
}

export interface ActionNode {
  readonly type: "action";
  readonly line: number;
  readonly file: string;
  readonly pipe: Pipe;
}

export interface BranchNode {
  readonly type: "if" | "with" | "range";
  readonly line: number;
  readonly file: string;
  /** The condition as it is written. */
  readonly source: string;
  readonly pipe: Pipe;
  readonly body: List;
  readonly otherwise: List | undefined;
}

export interface TemplateNode {
  readonly type: "template";
  readonly line: number;
  readonly name: string;
  readonly pipe: Pipe | undefined;
}

export interface Pipe {
  readonly type: "pipe";
  /** Variables set: one, or two in `range`. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  /** It calls `required`. */
  readonly requires: boolean;
  /** Where it stands, if it calls `ternary`. */
  readonly ternary: Ternary | undefined;
}

/** A pipeline that takes one of two values. */
export interface Ternary {
  readonly file: string;
  readonly line: number;
  /** As it is written. */
  readonly source: string;
}

export interface Command {
  /** The operand or the function. */
  readonly first: Operand;
  /** Its arguments. */
  readonly rest: readonly Operand[];
}

export type Operand =
  | { readonly type: "dot" | "nil" }
  | { readonly type: "constant"; readonly value: string | boolean | bigint | number }
  | { readonly type: "field"; readonly names: readonly string[] }
  | { readonly type: "variable"; readonly name: string; readonly names: readonly string[] }
  | { readonly type: "chain"; readonly base: Operand; readonly names: readonly string[] }
  | { readonly type: "function"; readonly name: string }
  | Pipe;

/** Says of a name (`image.tag`), a text or a literal whether whoever reads the tree looks for it. */
export type IsNotable = (text: string) => boolean;

/** Collects the nodes of a list and what it talks about. */
export class ListBuilder {
  readonly #isNotable: IsNotable;
  readonly #nodes: Node[] = [];
  readonly #literals = new Set<string>();
  readonly #assigned = new Set<string>();
  #notable = false;

  constructor(isNotable: IsNotable) {
    this.#isNotable = isNotable;
  }

  push(node: Node): void {
    this.#nodes.push(node);
  }

  sees(text: string): void {
    this.#notable ||= this.#isNotable(text);
  }

  seesLiteral(text: string): void {
    this.sees(text);
    this.#literals.add(text);
  }

  assigns(name: string): void {
    this.#assigned.add(name);
  }

  /** An inner list says what the outer one says too. */
  includes(inner: ListBuilder): void {
    this.#notable ||= inner.#notable;
    for (const text of inner.#literals) this.#literals.add(text);
    for (const name of inner.#assigned) this.#assigned.add(name);
  }

  build(): List {
    return {
      nodes: this.#nodes,
      notable: this.#notable,
      literals: [...this.#literals],
      assigned: [...this.#assigned],
    };
  }
}

/** True for a list that prints nothing but white space. */
export function isBlank(list: List): boolean {
  return list.nodes.every((node) => node.type === "text" && node.text.trim() === "");
}
