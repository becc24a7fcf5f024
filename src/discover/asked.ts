import type { BranchNode, Command, Define, List, Operand, Pipe } from "../helm/template/ast.ts";
import { argumentsIn, commandsIn, commandsOf } from "../helm/template/commands.ts";

/** What pipelines ask for, and what the templates that they call do. */
export class Asked {
  readonly #defines: ReadonlyMap<string, Define>;
  readonly #seen = new Set<Pipe | Define>();
  /** Of entries of tables, and of variables. */
  readonly names = new Set<string>();
  /** What conditions lead to. */
  readonly parts = new Set<List>();

  constructor(defines: ReadonlyMap<string, Define>) {
    this.#defines = defines;
  }

  addPipe(pipe: Pipe): void {
    if (this.#seen.has(pipe)) return;
    this.#seen.add(pipe);
    for (const command of commandsOf(pipe)) this.#addCommand(command);
  }

  addBranch(node: BranchNode): void {
    for (const part of partsOf(node)) this.parts.add(part);
  }

  #addCommand(command: Command): void {
    for (const operand of argumentsIn(command)) {
      for (const name of namesOf(operand)) this.names.add(name);
      this.#addCalled(textOf(operand) ?? "");
    }
  }

  /** The template of this name, if there is one, and all that it calls. */
  #addCalled(name: string): void {
    const define = this.#defines.get(name);
    if (define === undefined || this.#seen.has(define)) return;
    this.#seen.add(define);
    for (const node of branchesIn(define.body)) this.addBranch(node);
    for (const inner of commandsIn(define.body)) this.#addCommand(inner);
    for (const called of define.body.literals) this.#addCalled(called);
  }
}

/** False for a part that only sets something, or refuses the values. */
export function prints({ nodes }: List): boolean {
  return nodes.some((node) => {
    if (node.type === "text") return node.text.trim() !== "";
    if (node.type === "action") return node.pipe.variables.length === 0 && !refuses(node.pipe);
    return "body" in node ? partsOf(node).some(prints) : node.type === "template";
  });
}

export function namesOf(operand: Operand): readonly string[] {
  if (operand.type === "variable") return [operand.name, ...operand.names];
  if (operand.type === "field" || operand.type === "chain") return operand.names;
  const text = textOf(operand);
  return text === undefined ? [] : [text];
}

export function textOf(operand: Operand | undefined): string | undefined {
  return operand?.type === "constant" && typeof operand.value === "string"
    ? operand.value
    : undefined;
}

function refuses({ commands }: Pipe): boolean {
  return commands.some(({ first }) => first.type === "function" && first.name === "fail");
}

function partsOf({ body, otherwise }: BranchNode): readonly List[] {
  return otherwise === undefined ? [body] : [body, otherwise];
}

function branchesIn({ nodes }: List): readonly BranchNode[] {
  const own = nodes.filter((node) => "body" in node);
  return own.flatMap((node) => [node, ...partsOf(node).flatMap(branchesIn)]);
}
