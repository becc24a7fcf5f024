import type { Command } from "commander";
import { EXIT } from "../../src/cli/failure.ts";
import { markdownTable } from "../markdown-table.ts";
import { ENVIRONMENT } from "./environment.ts";
import { describedProgram } from "./program.ts";

const HEAD = `# Commands

<!-- \`npm run commands\` writes this page out of the command line itself. -->

In the order of the journey, with every flag: what \`dray COMMAND --help --all\` prints. What stays the same from run to run
stands in two files, the recipe (\`bundle.yaml\`, see [Charts](charts.md) and \`schema/bundle.schema.json\`) and [the target file](target-file.md).

Where neither is named, dray looks into the folder that it runs in, for those two names alone: \`pack\`, \`copy\` and \`preflight\` take its \`bundle.yaml\` unless
a recipe is named or flags say what goes in; whatever has a target takes its \`target.yaml\`. What was taken so is said on stderr before anything is done, and
what the command line says wins.`;

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  failed: "failed, at a network, a disk or another program, or by a mistake in dray",
  usage: "used wrongly: a flag, a name or a file of the user",
  refused: "refused: not trusted, damaged or incomplete",
  partial: "partly done: the report says which part",
  interrupted: "interrupted: it says what is kept",
};

/** docs/commands.md, as it has to be. */
export async function commandsPage(): Promise<string> {
  const program = await describedProgram();
  const commands = program.createHelp().visibleCommands(program);
  const parts = [
    HEAD,
    help(program),
    ...commands.flatMap((command) => [`## dray ${command.name()}`, help(command)]),
    "## Exit codes",
    markdownTable(["exit code", "meaning"], exitCodes()),
    "## Environment",
    "A flag wins over the environment, the environment over files.",
    markdownTable(["variable", "what it says"], ENVIRONMENT.map(inCode)),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** With code 0 first. */
export function exitCodes(): (readonly [code: string, meaning: string])[] {
  const others = Object.entries(EXIT).map(
    ([name, code]) => [String(code), EXITS[name as keyof typeof EXIT]] as const,
  );
  return [["0", "done"], ...others];
}

function help(command: Command): string {
  let text = "";
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) });
  command.outputHelp();
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}

function inCode([variables, meaning]: (typeof ENVIRONMENT)[number]): readonly string[] {
  return [variables.map((name) => `\`${name}\``).join(", "), meaning];
}
