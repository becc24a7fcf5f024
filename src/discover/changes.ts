import type {
  ActionNode,
  BranchNode,
  Command,
  Define,
  List,
  Operand,
  Pipe,
} from "../helm/template/ast.ts";
import { commandsIn } from "../helm/template/commands.ts";
import type { Looked } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/read.ts";
import { Asked, namesOf, prints, textOf } from "./asked.ts";

/** A part of a template that was not run and changes what others make of images. */
export interface Change {
  readonly node: BranchNode;
  readonly looked: Looked;
  /** Variables, entries of tables, and tables whose entries only a run tells; none if it prints what an image is made of. */
  readonly keys: readonly string[];
}

/** Notes which parts that speak of no image run, and by which names images and what decides on them ask for what those change. */
export class Changes {
  readonly #defines: ReadonlyMap<string, Define>;
  readonly #keys = new Map<List, readonly string[]>();
  readonly #ran = new Set<List>();
  readonly #waiting = new Map<List, Omit<Change, "keys">>();
  /** By whatever prints the name of an image, or decides on one. */
  readonly #wanted: Asked;
  /** By whatever prints the name of an image. */
  readonly #printed: Asked;

  constructor(defines: ReadonlyMap<string, Define>) {
    this.#defines = defines;
    this.#wanted = new Asked(defines);
    this.#printed = new Asked(defines);
    for (const name of EVERYTHING) this.#wanted.names.add(name);
  }

  ran(list: List): void {
    this.#ran.add(list);
  }

  /** A condition came to `list`, or not to it. */
  note(list: List, part: Omit<Change, "keys">, isTaken: boolean): void {
    if (isTaken) this.ran(list);
    else if (!this.#ran.has(list) && !this.#waiting.has(list)) this.#waiting.set(list, part);
  }

  /** These settings had a say in an image. */
  wantsAt(reads: readonly Read[]): void {
    for (const { source, path } of reads) {
      if (source === "values") for (const key of path) this.#wanted.names.add(key);
    }
  }

  /** A condition decides on an image. */
  wants(pipe: Pipe): void {
    this.#wanted.addPipe(pipe);
  }

  /** A pipeline prints the name of an image, or what a condition leads to does. */
  prints(node: ActionNode | BranchNode): void {
    this.wants(node.pipe);
    if (node.type === "action") this.#printed.addPipe(node.pipe);
    else this.#printed.addBranch(node);
  }

  /** Parts that never ran and change what an image is asked for, or print it. */
  unreached(): Change[] {
    return [...this.#waiting]
      .filter(([list]) => !this.#ran.has(list))
      .map(([list, change]) => ({ list, ...change, keys: this.#wantedOf(list) }))
      .filter(({ list, keys }) => keys.length > 0 || this.#isPrinted(list))
      .map(({ node, looked, keys }) => ({ node, looked, keys }));
  }

  #isPrinted(list: List): boolean {
    return this.#printed.parts.has(list) && prints(list);
  }

  #wantedOf(list: List): readonly string[] {
    const variables = list.assigned.filter((name) => this.#printed.names.has(name));
    return [...variables, ...this.#keysOf(list).filter((key) => this.#wanted.names.has(key))];
  }

  /** Keys that a part changes, with what it calls by name but for what was run from elsewhere. */
  #keysOf(list: List): readonly string[] {
    const all = new Set([list]);
    // What is added on the way is gone through too.
    for (const { literals } of all) {
      for (const { body } of literals.flatMap((name) => this.#defines.get(name) ?? [])) {
        if (!this.#ran.has(body)) all.add(body);
      }
    }
    all.delete(list);
    const called = [...all].flatMap((one) => this.#keysOfCalled(one));
    return [...new Set([...commandsIn(list).flatMap(keysChangedBy), ...called])];
  }

  /** Variables of a template that is called are its own. */
  #keysOfCalled(list: List): readonly string[] {
    const known = this.#keys.get(list);
    if (known !== undefined) return known;
    const commands = commandsIn(list).filter(({ rest: [table] }) => !isVariable(table));
    const keys = commands.flatMap(keysChangedBy);
    this.#keys.set(list, keys);
    return keys;
  }
}

/** Tables in which whatever is looked up stands: a change of one may be of any entry. */
const EVERYTHING: readonly string[] = ["Values", "$"];

const SETS = /^(?:set|unset)$/;
const MERGES = /^(?:mustM|m)erge(?:Overwrite)?$/;
const MAKES = /^(?:dict|(?:mustD|d)eepCopy|pick|omit|from(?:Yaml|Json|Toml))$/;

function keysChangedBy({ first, rest: [table, ...others] }: Command): readonly string[] {
  // `merge (dict) …` changes what nobody else has.
  if (first.type !== "function" || table === undefined || isMade(table)) return [];
  if (SETS.test(first.name)) return definite([textOf(others[0]) ?? nameOf(table)]);
  if (!MERGES.test(first.name)) return [];
  return others.flatMap((source) => keysIn(source) ?? definite([nameOf(table)]));
}

function isMade(table: Operand): boolean {
  const last = table.type === "pipe" ? table.commands.at(-1)?.first : undefined;
  return last?.type === "function" && MAKES.test(last.name);
}

/** The keys of a table that is made where it is used. */
function keysIn(source: Operand): readonly string[] | undefined {
  const made = source.type === "pipe" ? source.commands.at(-1) : undefined;
  if (made?.first.type !== "function" || made.first.name !== "dict") return undefined;
  return definite(made.rest.filter((_item, at) => at % 2 === 0).map(textOf));
}

function definite(names: readonly (string | undefined)[]): readonly string[] {
  return names.filter((name) => name !== undefined);
}

function isVariable(table: Operand | undefined): boolean {
  return table?.type === "variable" && table.names.length === 0 && table.name !== "$";
}

/** `sub` of `.Values.sub`. What a variable holds is mostly made where it is used. */
function nameOf(table: Operand): string | undefined {
  return table.type === "pipe" || isVariable(table) ? undefined : namesOf(table).at(-1);
}
