import type { List, Node } from "./ast.ts";

/** Says of a name (`image.tag`), a text or a literal whether whoever reads the tree looks for it. */
export type IsNotable = (text: string) => boolean;

/** Collects the nodes of a list and what it talks about. */
export class ListBuilder {
  readonly #isNotable: IsNotable;
  readonly #nodes: Node[] = [];
  readonly #literals = new Set<string>();
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

  /** An inner list says what the outer one says too. */
  includes(inner: ListBuilder): void {
    this.#notable ||= inner.#notable;
    for (const text of inner.#literals) this.#literals.add(text);
  }

  build(): List {
    return { nodes: this.#nodes, notable: this.#notable, literals: [...this.#literals] };
  }
}
