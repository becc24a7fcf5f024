import type { TemplateFile, TemplateSet } from "../helm/render/template-set.ts";
import type { BranchNode, List, Node } from "../helm/template/ast.ts";
import type { Looked, Read } from "../helm/template/reads.ts";
import type { Watcher } from "../helm/template/statements.ts";
import { formatReference } from "../oci/reference.ts";
import type { Collector } from "./collector.ts";
import { seeLines } from "./text-images.ts";

/** A part of a template that speaks of an image and was not run. */
export interface Branch {
  /** The same part, decided on by the same settings. */
  readonly key: string;
  readonly node: BranchNode;
  readonly looked: Looked;
  /** Names of the files that came by it. */
  readonly files: Set<string>;
}

/** Notes which parts of the templates run and which do not, and what decides on it. */
export class Coverage {
  readonly #set: TemplateSet;
  readonly #ids: Map<List, number>;
  readonly #speaking = new Map<List, boolean>();
  readonly #entered = new Set<string>();
  readonly #ran = new Set<string>();
  readonly #branches = new Map<string, Branch>();
  /** Texts that a setting was compared with, by its path. */
  readonly literals = new Map<string, Set<string>>();

  constructor(set: TemplateSet, ids: Map<List, number>) {
    this.#set = set;
    this.#ids = ids;
  }

  /** Parts that were not run each time their condition was asked. */
  open(): Branch[] {
    return [...this.#branches.values()].filter(({ key }) => !this.#entered.has(key));
  }

  /** Parts that never ran, whatever decided on it. */
  unreached(): Branch[] {
    return this.open().filter((branch) => this.isUnreached(branch));
  }

  /** True if the part did not run, decided on by these settings. */
  isOpen({ key }: Branch): boolean {
    return !this.#entered.has(key);
  }

  /** True if the part never ran, whatever decided on it. */
  isUnreached({ key }: Branch): boolean {
    return !this.#ran.has(listOf(key));
  }

  readonly watch = ({ name }: TemplateFile): Watcher => ({
    branch: (node, taken, looked) => {
      if (looked.compared.length > 0) this.#noteLiterals(looked);
      for (const list of [node.body, node.otherwise]) {
        if (list === undefined || !this.#speaksOfImage(list)) continue;
        const key = `${this.#idOf(list)} ${looked.reads.map(keyOf).join(" ")}`;
        if (list === taken) {
          this.#entered.add(key);
          this.#ran.add(listOf(key));
        } else this.#note({ key, node, looked, files: new Set([name]) }, name);
      }
    },
  });

  #note(branch: Branch, file: string): void {
    const known = this.#branches.get(branch.key);
    if (known === undefined) this.#branches.set(branch.key, branch);
    else known.files.add(file);
  }

  #idOf(list: List): number {
    const id = this.#ids.get(list) ?? this.#ids.size;
    this.#ids.set(list, id);
    return id;
  }

  /** Looks into the templates that a part calls by name. */
  #speaksOfImage(list: List): boolean {
    const known = this.#speaking.get(list);
    if (known !== undefined) return known;
    this.#speaking.set(list, list.notable);
    const { defines } = this.#set;
    const speaks =
      list.notable ||
      list.literals.some((name) => {
        const define = defines.get(name);
        return define !== undefined && this.#speaksOfImage(define.body);
      });
    this.#speaking.set(list, speaks);
    return speaks;
  }

  #noteLiterals({ reads, compared }: Looked): void {
    for (const values of compared) {
      const texts = values.filter((value) => typeof value === "string");
      if (texts.length < 2) continue;
      for (const { path, value, source } of reads) {
        if (source !== "values" || typeof value !== "string" || !texts.includes(value)) continue;
        const known = this.literals.get(path.join("\0")) ?? new Set<string>();
        this.literals.set(path.join("\0"), known);
        for (const text of texts) known.add(text);
      }
    }
  }
}

function listOf(key: string): string {
  return key.slice(0, key.indexOf(" "));
}

export function keyOf({ source, path }: Read): string {
  return `${source}:${path.join("\0")}`;
}

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
