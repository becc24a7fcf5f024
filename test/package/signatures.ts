import ts from "typescript";

/** The language, Node.js, and what the types of Node.js bring along. */
const EVERYBODYS: ReadonlySet<string> = new Set([
  "typescript",
  "@types/node",
  "undici-types",
  "buffer",
]);

/** What the declarations of a package ask of whoever compiles a program that imports it. */
export interface Signatures {
  /** Types in them that a program cannot import, `TYPE in EXPORT`; private members do not count. */
  readonly hidden: readonly string[];
  /** Packages whose declarations they need. Those of Node.js and the language are everybody's. */
  readonly packages: readonly string[];
}

export function readSignatures(entries: readonly string[]): Signatures {
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ["node"],
    noEmit: true,
  });
  return { hidden: hiddenTypes(entries, program), packages: packagesOf(program) };
}

function packagesOf(program: ts.Program): string[] {
  const files = program.getSourceFiles().map(({ fileName }) => fileName);
  const foreign = files.map(packageOf).filter((name) => name !== "" && !EVERYBODYS.has(name));
  return [...new Set(foreign)].toSorted();
}

/** The package that a file belongs to; `""` for our own. */
function packageOf(file: string): string {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? "";
}

function hiddenTypes(entries: readonly string[], program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const exported = exportsOf(entries, program);
  const hidden = new Set<string>();
  for (const [symbol, name] of exported) {
    for (const node of (symbol.declarations ?? []).flatMap(namesIn)) {
      const type = behindAlias(checker.getSymbolAtLocation(node), checker);
      if (type === undefined) throw new Error(`${name} names ${node.getText()}, which is nothing`);
      if (!exported.has(type) && !isEverybodys(type)) hidden.add(`${type.name} in ${name}`);
    }
  }
  return [...hidden].toSorted();
}

/** What can be imported, under the name that it has there. */
function exportsOf(entries: readonly string[], program: ts.Program): Map<ts.Symbol, string> {
  const checker = program.getTypeChecker();
  const exported = new Map<ts.Symbol, string>();
  for (const entry of entries) {
    const file = program.getSourceFile(entry);
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${entry} is no module`);
    for (const one of checker.getExportsOfModule(module)) {
      const symbol = behindAlias(one, checker);
      if (symbol !== undefined) exported.set(symbol, one.name);
    }
  }
  return exported;
}

function behindAlias(
  symbol: ts.Symbol | undefined,
  checker: ts.TypeChecker,
): ts.Symbol | undefined {
  const isAlias = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  return isAlias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** A signature's own `T`, and what every program for Node.js has. */
function isEverybodys({ flags, declarations = [] }: ts.Symbol): boolean {
  const isParameter = (flags & ts.SymbolFlags.TypeParameter) !== 0;
  const files = declarations.map((one) => one.getSourceFile().fileName);
  return isParameter || files.every((file) => EVERYBODYS.has(packageOf(file)));
}

/** The names of types, and of values whose type is meant, in one declaration. */
function namesIn(node: ts.Node): ts.Node[] {
  if (isPrivate(node)) return [];
  const below: ts.Node[] = [];
  ts.forEachChild(node, (child) => void below.push(...namesIn(child)));
  const name = nameIn(node);
  return name === undefined ? below : [name, ...below];
}

function nameIn(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  if (ts.isTypeQueryNode(node)) return node.exprName;
  if (ts.isImportTypeNode(node)) return node.qualifier;
  return undefined;
}

function isPrivate(node: ts.Node): boolean {
  if (!ts.isClassElement(node)) return false;
  const isByName = node.name !== undefined && ts.isPrivateIdentifier(node.name);
  return isByName || (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}
