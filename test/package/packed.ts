import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { extract } from "tar/extract";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const run = promisify(execFile);

/**
 * Packs what would be published and unpacks it into a project: below its `node_modules` lie the
 * package and the types of Node.js, and nothing else. Returns the packed file.
 */
export async function installPacked(project: string): Promise<string> {
  const modules = join(project, "node_modules");
  const installed = join(modules, "dray");
  await mkdir(installed, { recursive: true });
  // The build is there already; only what goes into the archive is asked for.
  const pack = ["pack", "--ignore-scripts", "--offline", "--json", "--pack-destination", project];
  const { stdout } = await run("npm", pack, { cwd: ROOT });
  const [{ filename = "" } = {}] = JSON.parse(stdout) as { filename?: string }[];
  const archive = join(project, filename);
  await extract({ file: archive, cwd: installed, strip: 1 });
  await mkdir(join(modules, "@types"));
  await symlink(join(ROOT, "node_modules/@types/node"), join(modules, "@types/node"));
  return archive;
}

/** Compiles programs as strictly as it goes, and says what the compiler has against them. */
export function compile(programs: readonly string[]): string[] {
  const program = ts.createProgram(programs, {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    module: ts.ModuleKind.NodeNext,
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
  });
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ file, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, "\n");
    return `${file?.fileName ?? ""}: ${message}`;
  });
}
