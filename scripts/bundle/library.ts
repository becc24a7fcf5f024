import { readFileSync } from "node:fs";
import { resolve, sep } from "node:path";
import type { Plugin } from "rolldown";

const ASKED = /const \{([^}]*)\} = await import\("(?:\.\.\/)+index\.js"\);/g;

/** The modules of the library by what they export through `index.ts`. */
export function libraryModules(built: string): ReadonlyMap<string, string> {
  const text = readFileSync(resolve(built, "src/index.js"), "utf8");
  const modules = new Map<string, string>();
  for (const [, names = "", path = ""] of text.matchAll(/export \{([^}]*)\} from "([^"]*)"/g)) {
    for (const name of wordsOf(names)) modules.set(name, resolve(built, "src", path));
  }
  return modules;
}

/**
 * A command asks the library for what it needs: `const { verify } = await import("../index.ts")`. As it stands
 * that loads all of the library, so in the program it asks the module that has it.
 */
export function libraryByName(built: string, modules: ReadonlyMap<string, string>): Plugin {
  const commands = resolve(built, "src/cli") + sep;
  return {
    name: "library-by-name",
    transform(code, id) {
      if (!resolve(id).startsWith(commands)) return undefined;
      const asked = code.replace(ASKED, (_, names: string) => importsOf(wordsOf(names), modules));
      if (!/import\("[./]*index\.js"\)/.test(asked)) return asked;
      throw new Error(`${id}: asks for the whole library; name what is needed of it`);
    },
  };
}

/** `names` as they are destructured: `copy` or `copy: copyAll`. */
function importsOf(names: readonly string[], modules: ReadonlyMap<string, string>): string {
  const statements = names.map((name) => {
    const path = modules.get(name.split(":")[0] ?? "");
    if (path === undefined) throw new Error(`the library has no ${name}`);
    return `const { ${name} } = await import(${JSON.stringify(path)});`;
  });
  return statements.join(" ");
}

function wordsOf(list: string): string[] {
  return list
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
