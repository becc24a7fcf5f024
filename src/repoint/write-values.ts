import { Budget } from "../helm/template/budget.ts";
import { writeYaml } from "../helm/template/to-yaml.ts";
import { isList, type Dict, type Value } from "../helm/template/value.ts";
import type { ValuesPath } from "../helm/values/path.ts";

/** What is said of the value at a path, line by line. */
export type Remarks = (path: ValuesPath) => readonly string[];

/** Writes values in the order in which they were set, with remarks above them. */
export function writeValues(values: Dict, head: readonly string[], remarks: Remarks): string {
  const lines = head.map(comment);
  if (values.size === 0) lines.push("{}");
  write(values, [], { lines, remarks });
  return `${lines.join("\n")}\n`;
}

interface Page {
  readonly lines: string[];
  readonly remarks: Remarks;
}

function write(values: Dict, above: ValuesPath, page: Page): void {
  const indent = "  ".repeat(above.length);
  for (const [key, value] of values) {
    const path = [...above, key];
    const name = textOf(key);
    for (const remark of page.remarks(path)) page.lines.push(indent + comment(remark));
    if (value instanceof Map && value.size > 0) {
      page.lines.push(`${indent}${name}:`);
      write(value, path, page);
    } else if (isList(value) && value.length > 0) {
      const items = textOf(value).split("\n");
      page.lines.push(`${indent}${name}:`);
      for (const line of items) page.lines.push(`${indent}  ${line}`);
    } else page.lines.push(`${indent}${name}: ${scalar(value, indent)}`);
  }
}

/** A text of several lines is quoted; one that is folded goes on deeper than its key. */
function scalar(value: Value, indent: string): string {
  if (typeof value === "string" && value.includes("\n")) return JSON.stringify(value);
  return textOf(value).replaceAll("\n", `\n${indent}  `);
}

function textOf(value: Value): string {
  return writeYaml(value, new Budget());
}

function comment(text: string): string {
  // What a chart calls an image stays on the line of the comment.
  return `# ${text.replace(/[\r\n]+/g, " ")}`.trimEnd();
}
