import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { requirePlace } from "../content/output-place.ts";
import { replaceFile } from "../content/replace-file.ts";
import { DrayError, systemCode } from "../errors.ts";
import type { BundleReport } from "./bundle-report.ts";
import { formatMarkdown, MARKDOWN_MARK } from "./markdown.ts";
import { formatPage, PAGE_MARK } from "./page/page.ts";

/** `html` is a page for people, `md` text for a ticket, `json` a document for programs. */
export type ReportForm = "html" | "md" | "json";

const FORMS: Readonly<Record<string, ReportForm>> = {
  ".html": "html",
  ".htm": "html",
  ".md": "md",
  ".markdown": "md",
  ".json": "json",
};

/** With what reports begin: nothing else is replaced. */
const MARKS = [PAGE_MARK, MARKDOWN_MARK, '{\n  "schemaVersion": 1,\n  "written": '];

export function formatReport(report: BundleReport, form: ReportForm): string {
  if (form === "html") return formatPage(report);
  return form === "md" ? formatMarkdown(report) : `${JSON.stringify(report, undefined, 2)}\n`;
}

/** Where a report goes. It replaces an earlier report and nothing else. */
export class ReportFile {
  readonly #path: string;
  readonly #form: ReportForm;

  private constructor(path: string, form: ReportForm) {
    this.#path = path;
    this.#form = form;
  }

  /**
   * Looks at the place before there is anything to be written.
   * @throws DrayError `DRAY_OUTPUT_REFUSED`, `DRAY_USAGE`
   */
  static async prepare(path: string): Promise<ReportFile> {
    const ending = extname(path).toLowerCase();
    const form = FORMS[ending];
    if (form === undefined) {
      throw new DrayError(
        "DRAY_USAGE",
        `Cannot write report ${JSON.stringify(path)}: expected a name that ends in .html, .md or .json, found ${JSON.stringify(ending)}`,
        { kind: "usage", hint: "The ending says which form is written." },
      );
    }
    const file = new ReportFile(path, form);
    await file.#requirePlace();
    return file;
  }

  /** @throws DrayError `DRAY_OUTPUT_REFUSED` if something else is there by now */
  async write(report: BundleReport): Promise<void> {
    await this.#requirePlace();
    await replaceFile(this.#path, Buffer.from(formatReport(report, this.#form)));
  }

  async #requirePlace(): Promise<void> {
    await requirePlace(this.#path, "report");
    const head = await readHead(this.#path);
    if (head === undefined || MARKS.some((mark) => head.startsWith(mark))) return;
    throw new DrayError(
      "DRAY_OUTPUT_REFUSED",
      `Cannot write report ${JSON.stringify(this.#path)}: expected nothing there or an earlier report, found something else`,
      { kind: "usage", hint: "Choose another name: nothing but a report is replaced." },
    );
  }
}

/** The first bytes of what is there; undefined if nothing is. */
async function readHead(path: string): Promise<string | undefined> {
  let file;
  try {
    // Looking at a FIFO must not wait for somebody to write into it, and a link is something else.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    if (code === "ELOOP") return "";
    throw error;
  }
  try {
    if (!(await file.stat()).isFile()) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
