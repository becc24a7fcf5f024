import type { BranchNode, List, Node, Pipe } from "./ast.ts";
import { commandsOf } from "./commands.ts";

/** What changes tables, or runs what may. */
const CHANGES = /^(?:set|unset|include|tpl|(?:mustM|m)erge(?:Overwrite)?)$/;

const known = new WeakMap<BranchNode, boolean>();

/** True if nothing that is printed or made depends on a condition: it leads to a refusal at most. */
export function isIdle(node: BranchNode): boolean {
  const idle = known.get(node) ?? [node.body, node.otherwise].every(isIdleList);
  known.set(node, idle);
  return idle;
}

function isIdleList(list: List | undefined): boolean {
  return list === undefined || (list.assigned.length === 0 && list.nodes.every(isIdleNode));
}

function isIdleNode(node: Node): boolean {
  if (node.type === "text") return node.text.trim() === "";
  if (node.type === "action") return isIdlePipe(node.pipe);
  return "body" in node && isIdle(node);
}

/** A refusal, or a variable that nobody has behind the end of the list. */
function isIdlePipe(pipe: Pipe): boolean {
  const names = commandsOf(pipe).flatMap(({ first }) =>
    first.type === "function" ? [first.name] : [],
  );
  if (names.some((name) => CHANGES.test(name))) return false;
  return pipe.variables.length > 0 || names.includes("fail");
}
