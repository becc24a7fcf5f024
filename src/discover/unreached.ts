import type { BranchNode, List, Node, Operand } from "../helm/template/ast.ts";
import { argumentsIn, commandsOf } from "../helm/template/commands.ts";
import type { Looked } from "../helm/template/read-log.ts";
import type { Read } from "../helm/template/reads.ts";
import { startsWith } from "../helm/values/path.ts";
import { formatReference } from "../oci/reference.ts";
import type { Branch } from "./branches.ts";
import type { Change } from "./changes.ts";
import type { Collector } from "./collector.ts";
import { chainsBelow, isPartOfImage } from "./switches.ts";
import { seeLines } from "./text-images.ts";

/** Says of a part that no setting brought to run, unless it only adds to the name of an image. */
export function addUnreached(
  { node, looked }: Branch,
  when: readonly string[],
  collector: Collector,
): void {
  addLiterals(node, when, collector);
  if (!isWorthTelling(node, looked)) return;
  const message = `no setting tried reaches what {{ ${node.type} ${node.source} }} leads to`;
  const { file, line } = node;
  collector.unknown({ code: "NOT_EXPLORED", needed: false, message, file, line });
}

/** Says once for each file that no setting brought parts to run which change what images are made of. */
export function addUnreachedChanges(changes: readonly Change[], collector: Collector): void {
  const byFile = new Map<string, Change[]>();
  for (const change of changes) {
    const { node, looked } = change;
    if (!isWorthTelling(node, looked)) continue;
    byFile.set(node.file, [...(byFile.get(node.file) ?? []), change]);
  }
  for (const [file, [first, ...others]] of byFile) {
    if (first === undefined) continue;
    const { type, source, line } = first.node;
    const more = others.length === 0 ? "" : `, and ${others.length} more in this file`;
    const does =
      first.keys.length === 0
        ? "adds to what an image is made of"
        : `changes for others (${first.keys.join(", ")})`;
    const message = `no setting tried reaches what {{ ${type} ${source} }} ${does}${more}`;
    collector.unknown({ code: "NOT_EXPLORED", needed: false, message, file, line });
  }
}

/** True unless a setting that is the installer's alone decides, or none at all. */
function isWorthTelling(node: BranchNode, { reads }: Looked): boolean {
  const isPlain = reads.every(({ value, path }) => value instanceof Map || isPartOfImage(path));
  return !isPlain || asksInside(node, reads);
}

/** What asks of a table only whether it, or an entry of it, is there. */
const ASKS_PRESENCE: ReadonlySet<string> = new Set(
  "and or not empty default coalesce hasKey get index dig kindIs".split(" "),
);

/** True for a condition on what a table holds as a whole, on the release, or on the cluster's objects. */
function asksInside({ pipe }: BranchNode, reads: readonly Read[]): boolean {
  const operands = commandsOf(pipe).flatMap(argumentsIn);
  if (operands.some(isOfRelease)) return true;
  const isLooked = operands.some((one) => one.type === "function" && !ASKS_PRESENCE.has(one.name));
  return reads.some(
    (read) => isWholeTable(read, reads) && (isLooked || chainsBelow(read, pipe).length > 0),
  );
}

/** A table of which no single entry was looked at. */
function isWholeTable({ value, path }: Read, reads: readonly Read[]): boolean {
  if (!(value instanceof Map)) return false;
  return !reads.some((other) => other.path.length > path.length && startsWith(other.path, path));
}

/** `.Release.IsUpgrade`, or an object that only an installation could find. */
function isOfRelease(operand: Operand): boolean {
  if (operand.type === "function") return operand.name === "lookup";
  if (operand.type !== "field" && operand.type !== "variable") return false;
  return operand.names.includes("Release");
}

/** Literal images in a part of a template that no rendering reached. */
function addLiterals(node: BranchNode, when: readonly string[], collector: Collector): void {
  const text = [node.body, ...(node.otherwise === undefined ? [] : [node.otherwise])]
    .map((list) => entriesApart(literalText(list)))
    .join("\n");
  const { file, line, source } = node;
  seeLines(text, "a part that no rendering reached", {
    miss: () => {},
    see: ({ image, certainty, where }) => {
      if (collector.has(formatReference(image.reference), "optional")) return;
      collector.add(image.reference, {
        source: "template",
        class: certainty === "likely" ? "optional" : "suspect",
        file,
        line,
        where,
        when: [...when, `{{ ${node.type} ${source} }}`],
      });
    },
  });
}

const OPENS_TABLE = /\{\s*["']?[\w.-]+["']?\s*:/;
const BEFORE_ENTRY = /[{,]\s*(?=["']?[\w.-]+["']?\s*:)/g;
/** Of tables and lists, not of a mark. */
const CLOSING = /(?<=[^\s{}\]])[\]}]+(?=\s*(?:,|$))/g;

/** Each entry of a table that stands on one line, `{name: main, image: web:1}`, on a line of its own. */
function entriesApart(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => {
      if (!OPENS_TABLE.test(line)) return [line];
      return line.split(BEFORE_ENTRY).map((entry) => entry.replaceAll(CLOSING, ""));
    })
    .join("\n");
}

/** The text as it stands, with a mark where an action prints something. */
function literalText(list: List): string {
  return list.nodes.map(literalNode).join("");
}

function literalNode(node: Node): string {
  if (node.type === "text") return node.text;
  if (node.type === "action" || node.type === "template") return "{{}}";
  if (!("body" in node)) return "";
  return literalText(node.body) + (node.otherwise === undefined ? "" : literalText(node.otherwise));
}
