import { isNameLine, isPartOfName } from "../discover/choices.ts";
import type { TemplateFile } from "../helm/render/template-set.ts";
import type { BranchNode } from "../helm/template/ast.ts";
import type { Looked } from "../helm/template/read-log.ts";
import type { Value } from "../helm/template/value.ts";
import type { Watcher } from "../helm/template/watcher.ts";
import type { ValuesPath } from "../helm/values/path.ts";
import { isCalledPullSecret } from "./secret-settings.ts";

/** A setting that had a say in the name of an image, and what it is. */
export interface Setting {
  readonly path: ValuesPath;
  /** Null where nothing is set. */
  readonly value: Value;
}

/** By file, and within it by path. */
export type Found = Map<string, Map<string, Setting>>;

/** Keeps what `file` looks at, as far as it `counts`. */
function notes(
  { name }: TemplateFile,
  found: Found,
  counts: (path: ValuesPath) => boolean = () => true,
): (looked: Looked) => void {
  return ({ reads }) => {
    for (const { source, path, value } of reads) {
      if (source !== "values" || !counts(path)) continue;
      const settings = found.get(name) ?? new Map<string, Setting>();
      found.set(name, settings);
      settings.set(path.join("\0"), { path, value });
    }
  };
}

/** Notes settings for secrets, whatever is printed with them. */
export function notingSecrets(file: TemplateFile, found: Found): Watcher {
  const note = notes(file, found, isCalledPullSecret);
  return {
    branch: (_node, { looked }) => note(looked),
    printed: (_node, { looked }) => note(looked()),
  };
}

/** Notes what was looked at where lists of secrets are printed, or would be. */
export function notingSecretLists(file: TemplateFile, found: Found): Watcher {
  const note = notes(file, found);
  return {
    branch: (node, { line, looked }) => {
      if (SECRETS_LINE.test(line) || says(node, SECRETS_LINE)) note(looked);
    },
    printed: (_node, { line, looked }) => {
      if (SECRETS_LINE.test(line)) note(looked());
    },
  };
}

const SECRETS_LINE = /imagePullSecrets["']?:/;

/** Notes what was looked at to print names of images. */
export function noting(file: TemplateFile, found: Found): Watcher {
  const note = notes(file, found);
  return {
    branch: (node, { line, looked }) => {
      if (isNameLine(line) || says(node, IMAGE_LINE)) note(looked);
    },
    printed: (_node, print) => {
      if (isPartOfName(print)) note(print.looked());
    },
  };
}

const IMAGE_LINE = /image["']?:/i;

/** True if one of the ways that a condition decides between has such a line. */
function says({ body, otherwise }: BranchNode, line: RegExp): boolean {
  const nodes = [...body.nodes, ...(otherwise?.nodes ?? [])];
  return nodes.some((node) => node.type === "text" && line.test(node.text));
}
