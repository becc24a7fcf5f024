import type { Looked } from "./read-log.ts";
import { TemplateError } from "./template-error.ts";
import type { Value } from "./value.ts";

interface Variable {
  readonly name: string;
  value: Value;
  /** What was looked at to make the value. */
  looked: Looked;
}

/** The variables of one template that runs; `$` is the data it was given. */
export class Variables {
  readonly #stack: Variable[];

  constructor(data: Value, looked: Looked) {
    this.#stack = [{ name: "$", value: data, looked }];
  }

  /** Undoes what is declared after this point. */
  mark(): number {
    return this.#stack.length;
  }

  release(mark: number): void {
    this.#stack.length = mark;
  }

  get(name: string): Readonly<Variable> {
    return this.#find(name);
  }

  declare(name: string, value: Value, looked: Looked): void {
    this.#stack.push({ name, value, looked });
  }

  assign(name: string, value: Value, looked: Looked): void {
    Object.assign(this.#find(name), { value, looked });
  }

  #find(name: string): Variable {
    const found = this.#stack.findLast((variable) => variable.name === name);
    if (found === undefined) throw new TemplateError(`undefined variable ${JSON.stringify(name)}`);
    return found;
  }
}
