import type { ActionNode, BranchNode, Define, List } from "./ast.ts";
import type { Looked } from "./read-log.ts";

/** What a condition came to. */
export interface Decision {
  readonly taken: List | undefined;
  readonly looked: Looked;
  /** What stood on the line before. */
  readonly line: string;
}

/** What an action printed. */
export interface Print {
  readonly text: string;
  readonly looked: () => Looked;
  /** What stood on the line before. */
  readonly line: string;
}

/** Told of every condition and of all that is printed, what it depended on, and what is called by name. */
export interface Watcher {
  called?(template: Define): void;
  branch(node: BranchNode, decision: Decision): void;
  printed(node: ActionNode, print: Print): void;
}
