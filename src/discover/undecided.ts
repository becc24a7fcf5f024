import type { ActionNode, Operand, Pipe, Ternary } from "../helm/template/ast.ts";
import type { Comparison, Looked } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/read.ts";
import { keyOf } from "./switches.ts";

/** A `ternary` that has a say in the name of an image and took the same of its two values each time. */
export interface OneWay {
  readonly ternary: Ternary;
  readonly condition: Pipe;
  readonly looked: Looked;
}

/** The name of an image that another installation may give another one. */
export interface InstallName {
  readonly read: Read;
  readonly node: ActionNode;
}

/** Notes what has a say in the names of images beside conditions, and which no setting may reach. */
export class Undecided {
  readonly #ternaries = new Map<Pipe, { ways: Set<unknown>; looked: Looked }>();
  readonly #installNames = new Map<string, InstallName>();

  /** An action printed a part of a name. */
  note(node: ActionNode, looked: Looked): void {
    const { compared } = looked;
    for (const { decides: pipe, values, reads } of compared) {
      if (pipe === undefined) continue;
      const { ways } = this.#ternaries.get(pipe) ?? { ways: new Set() };
      this.#ternaries.set(pipe, { ways: ways.add(values[0]), looked: { reads, compared } });
    }
    for (const read of decidingReads(looked)) {
      const key = keyOf(read);
      if (!this.#installNames.has(key)) this.#installNames.set(key, { read, node });
    }
  }

  oneWays(): readonly OneWay[] {
    return [...this.#ternaries].flatMap(([pipe, { ways, looked }]) => {
      const { ternary } = pipe;
      if (ternary === undefined || ways.size > 1) return [];
      return [{ ternary, condition: conditionOf(pipe), looked }];
    });
  }

  /** The first name for each thing that only an installation knows. */
  installNames(): readonly InstallName[] {
    return [...this.#installNames.values()];
  }
}

/** What decides stands last, or is piped. */
function conditionOf(pipe: Pipe): Pipe {
  const at = pipe.commands.findIndex(({ first }) => isTernary(first));
  const last = pipe.commands[at]?.rest[2];
  if (last?.type === "pipe") return last;
  const commands = last === undefined ? pipe.commands.slice(0, at) : [{ first: last, rest: [] }];
  return { ...pipe, commands };
}

function isTernary(operand: Operand): boolean {
  return operand.type === "function" && operand.name === "ternary";
}

/** True for what only an installation knows. */
export function isOfInstallation({ source }: Read): boolean {
  return source === "install";
}

/** Looks at what only an installation knows that decide on something, and are not only printed. */
export function decidingReads({ reads, compared }: Looked): readonly Read[] {
  return reads.filter((read) => isOfInstallation(read) && decides(read, compared));
}

/** The release's names are printed in most objects. */
function decides(read: Read, compared: readonly Comparison[]): boolean {
  const { value } = read;
  if (typeof value !== "string") return true;
  return compared.some(({ reads, values }) => reads.includes(read) && values.includes(value));
}
