import type { Command, List, Node, Operand, Pipe } from "./ast.ts";

/** Every command of a list, with those in pipelines within pipelines; what it calls by name is apart. */
export function commandsIn(list: List): Command[] {
  return list.nodes.flatMap(commandsOfNode);
}

function commandsOfNode(node: Node): Command[] {
  if (!("pipe" in node)) return [];
  const own = node.pipe === undefined ? [] : commandsOf(node.pipe);
  if (!("body" in node)) return own;
  const otherwise = node.otherwise === undefined ? [] : commandsIn(node.otherwise);
  return [...own, ...commandsIn(node.body), ...otherwise];
}

/** Every command of a pipeline, with those in pipelines within it. */
export function commandsOf({ commands }: Pipe): Command[] {
  return commands.flatMap((command) => [command, ...argumentsIn(command).flatMap(commandsWithin)]);
}

/** The operand or function of a command and its arguments. */
export function argumentsIn({ first, rest }: Command): readonly Operand[] {
  return [first, ...rest];
}

/** Every name that a pipeline looks up. */
export function namesIn(pipe: Pipe): string[] {
  const operands = commandsOf(pipe).flatMap(argumentsIn);
  return operands.flatMap((one) => ("names" in one ? one.names : []));
}

/** True if a pipeline calls a template by anything but a name that stands there. */
export function callsByMadeName(pipe: Pipe): boolean {
  return commandsOf(pipe).some(
    ({ first, rest: [name] }) =>
      first.type === "function" && first.name === "include" && name?.type !== "constant",
  );
}

/** By which names a pipeline looks something up in what a variable or another pipeline gives. */
export function namesBelow(pipe: Pipe): (readonly string[])[] {
  const operands = commandsOf(pipe).flatMap(argumentsIn);
  return operands.flatMap((one) => {
    const isBelow = one.type === "chain" || (one.type === "variable" && one.name !== "$");
    return isBelow && one.names.length > 0 ? [one.names] : [];
  });
}

function commandsWithin(operand: Operand): Command[] {
  if (operand.type === "pipe") return commandsOf(operand);
  return operand.type === "chain" ? commandsWithin(operand.base) : [];
}
