import { EXIT } from "../../src/cli/failure.ts";
import type { ErrorKind } from "../../src/errors.ts";
import { markdownTable } from "../markdown-table.ts";
import type { ExplainedError, ExplainedFinding } from "./explained.ts";
import { SUBJECTS } from "./texts.ts";

type Explained = ExplainedError | ExplainedFinding;

const HEAD = `# Codes

<!-- \`npm run codes\` writes this page out of scripts/codes/. -->

Every error and every finding has a code, which is stable: scripts may compare it. With \`--json\` an error has it as \`error.code\` and a finding as
\`code\`; in a text it stands in brackets behind each finding. A code of an error begins with \`DRAY_\`. What is refused of one entry while others
are looked at is a finding, and has the same code without \`DRAY_\`; so the headings here have none.

What is wrong with a file that was carried is explained at greater length in [Carrying a bundle](carrying.md). The environment variables
\`DRAY_STORE\`, \`DRAY_TRUST_DIR\`, \`DRAY_WORK_DIR\` and \`DRAY_KEY_PASSPHRASE\` are no codes, and what \`dray serve\` answers to clients has the codes of
the distribution specification.`;

const KINDS: Readonly<Record<ErrorKind, string>> = {
  failed: "it could not be done: a network, a registry, a disk or another program",
  usage: "it was asked for wrongly: a flag, a name, a file that is not there",
  refused: "the content is not trusted, damaged or incomplete; nothing of it was used",
  partial: "some of it is done, and the report says which part",
};

const SEVERITIES = `A finding of severity \`error\` refuses the bundle that it is about: the command ends with exit code ${EXIT.refused}. A \`warning\` is said and the command
goes on; \`info\`, in a text \`note\`, says what was found or put right.`;

/** docs/codes.md, as it has to be. */
export function codesPage(): string {
  const exits = Object.entries(KINDS).map(([kind, meaning]) => [
    String(EXIT[kind as ErrorKind]),
    meaning,
  ]);
  const parts = [
    HEAD,
    "## What a command ends with",
    markdownTable(["exit code", "meaning of the error"], exits),
    SEVERITIES,
    ...Object.entries(SUBJECTS).flatMap(([subject, texts]) => [`## ${subject}`, ...entries(texts)]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function entries(texts: Readonly<Record<string, Explained>>): string[] {
  return Object.entries(texts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, text]) => entry(code, text));
}

function entry(code: string, text: Explained): string {
  const { means, advice } = text;
  return `### \`${code}\`\n\n${formsOf(code, text)}\n\n- **Means:** ${means}\n- **Do:** ${advice}`;
}

/** As what the code is met: an error with its exit codes, a finding with its severities. */
function formsOf(code: string, text: Explained): string {
  const forms: string[] = [];
  if ("ends" in text) {
    const exits = [text.ends].flat().map((kind) => EXIT[kind]);
    forms.push(`\`DRAY_${code}\`: exit code ${exits.join(" or ")}`);
  }
  if (text.severity !== undefined) {
    forms.push(`finding: ${[text.severity].flat().join(" or ")}`);
  }
  return forms.join(" · ");
}
