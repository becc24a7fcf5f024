import type { BranchNode, List, Node } from "../helm/template/ast.ts";
import { formatReference } from "../oci/reference.ts";
import type { Collector } from "./collector.ts";
import { seeLines } from "./text-images.ts";

/** Literal images in a part of a template that no rendering reached. */
export function addUnreached(
  node: BranchNode,
  when: readonly string[],
  collector: Collector,
): void {
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
