import type { TemplateFile, TemplateSet } from "../helm/render/template-set.ts";
import type { ActionNode, BranchNode, List, Pipe } from "../helm/template/ast.ts";
import { callsByMadeName, namesIn } from "../helm/template/commands.ts";
import { joined, type Looked } from "../helm/template/read-log.ts";
import type { Decision, Watcher } from "../helm/template/watcher.ts";
import { Changes } from "./changes.ts";
import { Comparisons } from "./comparisons.ts";
import { isNameLine, isPartOfName, staysOnLine, type Choice } from "./choices.ts";
import { SpeakingFiles } from "./speaking-files.ts";
import { keyOf } from "./switches.ts";
import { isOfInstallation, Undecided } from "./undecided.ts";

/** A part of a template that speaks of an image and was not run. */
export interface Branch {
  /** The same part, decided on by the same settings. */
  readonly key: string;
  readonly node: BranchNode;
  /** What stands behind its `else`. */
  readonly isElse: boolean;
  readonly looked: Looked;
  /** Names of the files that came by it. */
  readonly files: Set<string>;
}

/** Notes which parts of the templates run and which do not, and what decides on it. */
export class Coverage {
  readonly #set: TemplateSet;
  readonly #ids: Map<object, number>;
  readonly #files: SpeakingFiles;
  readonly #speaking = new Map<List, boolean>();
  readonly #entered = new Set<string>();
  readonly #ran = new Set<string>();
  readonly #branches = new Map<string, Branch>();
  readonly #choices = new Map<string, Choice>();
  readonly #used = new Set<string>();
  readonly #lines = new Map<string, Looked>();
  readonly #reading = new Map<Pipe, boolean>();
  readonly #said = new Map<string, Set<string>>();
  /** Parts that speak of no image and have a say in those of others. */
  readonly changes: Changes;
  readonly comparisons = new Comparisons();
  readonly undecided = new Undecided();

  constructor(set: TemplateSet, ids: Map<object, number>) {
    this.#set = set;
    this.#ids = ids;
    this.#files = new SpeakingFiles(new Set(set.files.map(({ instance }) => instance.chart)));
    this.changes = new Changes(set.defines);
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

  /** Everything printed into the name of an image that settings have a say in. */
  choices(): Choice[] {
    return [...this.#choices.values()];
  }

  /** True if a setting was looked at to print the name of an image. */
  isUsed(path: readonly string[]): boolean {
    return this.#used.has(path.join("\0"));
  }

  readonly watch = ({ name }: TemplateFile): Watcher => ({
    called: ({ body }) => this.changes.ran(body),
    branch: (node, decision) => this.#noteBranch(node, decision, name),
    printed: (node, print) => {
      if (isPartOfName(print)) this.#notePart(node, print.looked(), name);
      else if (this.#readsFile(node)) this.#noteFiles(node, print.looked(), name);
    },
  });

  #noteBranch(node: BranchNode, { taken, looked, line }: Decision, file: string): void {
    this.comparisons.note(looked.compared);
    if (isNameLine(line) && staysOnLine(node)) this.#noteChoice(node, looked, file);
    else if (this.#readsFile(node)) this.#noteFiles(node, looked, file);
    for (const list of [node.body, node.otherwise]) {
      if (list === undefined) continue;
      if (!this.#speaksOfImage(list)) {
        this.changes.note(list, { node, looked }, list === taken);
        continue;
      }
      this.changes.wants(node.pipe);
      const key = `${this.#idOf(list)} ${looked.reads.map(keyOf).join(" ")}`;
      if (list === taken) {
        if (!this.#entered.has(key)) this.changes.wantsAt(looked.reads);
        this.#entered.add(key);
        this.#ran.add(listOf(key));
      } else this.#note(key, { node, isElse: list === node.otherwise, looked }, file);
    }
  }

  #notePart(node: ActionNode, looked: Looked, file: string): void {
    this.undecided.note(node, looked);
    this.#noteChoice(node, looked, file);
  }

  #noteChoice(node: BranchNode | ActionNode, looked: Looked, file: string): void {
    this.changes.prints(node);
    if (looked.reads.every(isOfInstallation)) return;
    this.comparisons.note(looked.compared);
    const key = `${this.#idOf(node)} ${file} ${looked.reads.map(keyOf).join(" ")}`;
    if (this.#choices.has(key)) return;
    this.changes.wantsAt(looked.reads);
    for (const { path } of looked.reads) this.#used.add(path.join("\0"));
    this.#choices.set(key, { key, looked: this.#fresh(node, file, looked), file });
    this.#joinLine(`${file} ${node.line}`, looked, file);
  }

  /** What had a say in the same place before has been tried there. */
  #fresh(node: BranchNode | ActionNode, file: string, looked: Looked): Looked {
    const place = `${this.#idOf(node)} ${file}`;
    const known = this.#said.get(place) ?? new Set<string>();
    this.#said.set(place, known);
    const reads = looked.reads.filter((read) => !known.has(keyOf(read)));
    for (const read of reads) known.add(keyOf(read));
    return { ...looked, reads };
  }

  /** Parts of one name stand on one line; what decides on them is tried together too. */
  #joinLine(line: string, looked: Looked, file: string): void {
    const before = this.#lines.get(line);
    const all = before === undefined ? looked : joined(before, looked);
    this.#lines.set(line, all);
    if (before === undefined || all.reads.length === before.reads.length) return;
    const key = `${line} ${all.reads.map(keyOf).join(" ")}`;
    this.#choices.set(key, { key, looked: all, file });
  }

  /** Of what had a say in whole manifests, only what chose the file or template that has them. */
  #noteFiles(node: BranchNode | ActionNode, { compared: all }: Looked, file: string): void {
    const compared = all.filter(({ ofFiles }) => ofFiles === true);
    if (compared.length === 0) return;
    this.#noteChoice(node, { reads: compared.flatMap(({ reads }) => reads), compared }, file);
  }

  /** True for what asks for files of the chart, or for a template by a name that is made. */
  #readsFile({ pipe }: BranchNode | ActionNode): boolean {
    const known =
      this.#reading.get(pipe) ?? (namesIn(pipe).includes("Files") || callsByMadeName(pipe));
    this.#reading.set(pipe, known);
    return known;
  }

  #note(key: string, part: Pick<Branch, "node" | "isElse" | "looked">, file: string): void {
    const known = this.#branches.get(key);
    if (known !== undefined) return void known.files.add(file);
    this.changes.wantsAt(part.looked.reads);
    this.#branches.set(key, { key, ...part, files: new Set([file]) });
  }

  #idOf(part: object): number {
    const id = this.#ids.get(part) ?? this.#ids.size;
    this.#ids.set(part, id);
    return id;
  }

  /** Looks into the templates and files that a part calls by name. */
  #speaksOfImage(list: List): boolean {
    const known = this.#speaking.get(list);
    if (known !== undefined) return known;
    this.#speaking.set(list, list.notable);
    const { defines } = this.#set;
    const speaks =
      list.notable ||
      list.literals.some((name) => {
        const define = defines.get(name);
        if (define === undefined) return this.#files.mayBe(name);
        return this.#speaksOfImage(define.body);
      });
    this.#speaking.set(list, speaks);
    return speaks;
  }
}

function listOf(key: string): string {
  return key.slice(0, key.indexOf(" "));
}
