import type { BranchNode, List, Node, Operand, Pipe } from "../helm/template/ast.ts";
import { argumentsIn, commandsOf } from "../helm/template/commands.ts";
import type { Looked } from "../helm/template/read-log.ts";
import { CLOCK, type Read } from "../helm/template/read.ts";
import { startsWith } from "../helm/values/path.ts";
import { formatReference } from "../oci/reference.ts";
import type { Branch } from "./branches.ts";
import type { Change } from "./changes.ts";
import type { Collector } from "./collector.ts";
import { chainsBelow, isBelow, isPartOfImage } from "./switches.ts";
import { seeLines } from "./text-images.ts";
import { decidingReads, isOfInstallation, type Undecided } from "./undecided.ts";

/** Says of a part that no setting brought to run, unless it only adds to the name of an image. */
export function addUnreached(
  { node, isElse, looked }: Branch,
  when: readonly string[],
  collector: Collector,
): void {
  addLiterals(node, when, collector);
  if (!isWorthTelling(node.pipe, looked)) return;
  const part = isElse ? "what stands behind the else of" : "what";
  const message = `no setting tried reaches ${part} {{ ${node.type} ${node.source} }}${isElse ? "" : " leads to"}`;
  const { file, line } = node;
  const needed = when.length === 0 && dependsOnTime(looked);
  collector.unknown({ code: "NOT_EXPLORED", needed, message, file, line });
}

/** Says once for each file that no setting brought parts to run which change what images are made of. */
export function addUnreachedChanges(
  changes: readonly Change[],
  when: readonly string[],
  collector: Collector,
): void {
  const byFile = new Map<string, Change[]>();
  for (const change of changes) {
    const { node, looked } = change;
    if (!isWorthTelling(node.pipe, looked)) continue;
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
    const isOfTime = [first, ...others].some(({ looked }) => dependsOnTime(looked));
    const needed = when.length === 0 && isOfTime;
    collector.unknown({ code: "NOT_EXPLORED", needed, message, file, line });
  }
}

/** Says which names of images no setting gives another way, and which another installation does; `said` of what a note tells already. */
export function addUndecided(
  undecided: Undecided,
  { when, said }: { readonly when: readonly string[]; readonly said: readonly Looked[] },
  collector: Collector,
): void {
  const told = [...said];
  for (const { ternary, condition, looked } of undecided.oneWays()) {
    if (asksKind(condition) || !isWorthTelling(condition, looked)) continue;
    if (collector.saysOfVersion && looked.reads.some(({ source }) => source === "kubeVersion"))
      continue;
    told.push(looked);
    const { file, line, source } = ternary;
    const message = `no setting tried gets the other value of {{ ${source} }} into the name of an image`;
    const needed = when.length === 0 && dependsOnTime(looked);
    collector.unknown({ code: "NOT_EXPLORED", needed, message, file, line });
  }
  const known = new Set(told.flatMap(({ reads }) => reads));
  for (const { read, node } of undecided.installNames()) {
    if (known.has(read)) continue;
    const { file, line } = node;
    const message = `the name of an image depends on ${read.path.join("")}, which no setting reaches`;
    const needed = when.length === 0 && read === CLOCK;
    collector.unknown({ code: "NOT_EXPLORED", needed, message, file, line });
  }
}

/** Another day these values may need what they do not need on the one that is assumed. */
function dependsOnTime({ reads }: Looked): boolean {
  return reads.includes(CLOCK);
}

/** True unless a setting that is the installer's alone decides, or none at all. */
function isWorthTelling(pipe: Pipe, looked: Looked): boolean {
  if (decidingReads(looked).length > 0) return true;
  const all = looked.reads.filter((read) => !isOfInstallation(read));
  // A setting below which another is looked for is a table, and decides nothing itself.
  const reads = all.filter((read) => !all.some((other) => isBelow(other, read)));
  const isPlain = reads.every(({ value, path }) => value instanceof Map || isPartOfImage(path));
  return !isPlain || asksInside(pipe, reads);
}

/** A value is printed as its kind asks for: that is no choice between two. */
function asksKind({ commands }: Pipe): boolean {
  return commands.some(({ first }) => first.type === "function" && ASKS_KIND.test(first.name));
}

const ASKS_KIND = /^(?:kind|type)(?:Is|IsLike|Of)$/;

/** What asks of a table only whether it, or an entry of it, is there, and in which form. */
const ASKS_PRESENCE: ReadonlySet<string> = new Set(
  "and or not empty default coalesce hasKey get index dig kindIs kindOf typeIs typeOf".split(" "),
);

const ASKS_FORM: ReadonlySet<string> = new Set(["kindOf", "typeOf"]);

/** True for a condition on what a table holds as a whole, or on the release. */
function asksInside(pipe: Pipe, reads: readonly Read[]): boolean {
  const operands = commandsOf(pipe).flatMap(argumentsIn);
  if (operands.some(isOfRelease)) return true;
  const called = operands.flatMap((one) => (one.type === "function" ? [one.name] : []));
  const isForm = called.some((name) => ASKS_FORM.has(name));
  const isLooked = called.some((name) => !(ASKS_PRESENCE.has(name) || (isForm && name === "eq")));
  return reads.some(
    (read) => isWholeTable(read, reads) && (isLooked || chainsBelow(read, pipe).length > 0),
  );
}

/** A table of which no single entry was looked at. */
function isWholeTable({ value, path }: Read, reads: readonly Read[]): boolean {
  if (!(value instanceof Map)) return false;
  return !reads.some((other) => other.path.length > path.length && startsWith(other.path, path));
}

/** `.Release.Name` */
function isOfRelease(operand: Operand): boolean {
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
