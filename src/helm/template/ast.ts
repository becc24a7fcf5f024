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

interface ActionNode {
  readonly type: "action";
  readonly line: number;
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
}

export interface Command {
  /** The first is the operand or the function, the rest are its arguments. */
  readonly parts: readonly [Operand, ...Operand[]];
}

export type Operand =
  | { readonly type: "dot" | "nil" }
  | { readonly type: "constant"; readonly value: string | boolean | bigint | number }
  | { readonly type: "field"; readonly names: readonly string[] }
  | { readonly type: "variable"; readonly name: string; readonly names: readonly string[] }
  | { readonly type: "chain"; readonly base: Operand; readonly names: readonly string[] }
  | { readonly type: "function"; readonly name: string }
  | Pipe;
