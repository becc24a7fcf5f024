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
    .map(literalText)
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
