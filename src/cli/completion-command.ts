import { Argument, type Command } from "commander";
import { complete } from "./complete.ts";
import { addExamples } from "./flags.ts";
import type { AddCommand } from "./session.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

export const addCompletionCommand: AddCommand = (program) => {
  const command = program
    .command("completion")
    .summary("print what makes a shell complete dray's commands and flags")
    .description(
      "Prints a script for the shell. It asks dray itself for the words, so it stays right when " +
        "dray is renewed. In bash it needs the package bash-completion.",
    )
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS));
  addExamples(command, [
    "source <(dray completion bash)                              # in ~/.bashrc",
    'dray completion zsh > "${fpath[1]}/_dray"',
    "dray completion fish > ~/.config/fish/completions/dray.fish",
    "dray completion powershell | Out-String | Invoke-Expression",
  ]);
  command.action(async (shell: string) => {
    const { script } = await import("@bomb.sh/tab");
    script(shell, program.name(), program.name());
  });
  addAnswer(program);
};

/** What the scripts call; nobody types it. */
function addAnswer(program: Command): void {
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .action((words: string[]) => {
      program.configureOutput().writeOut?.(complete(program, words));
    });
}
