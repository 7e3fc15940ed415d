import { dirname, posix } from "node:path";
import ts from "typescript";

/**
 * The rules of the house as functions of one source file. Each returns complaints, `file:line: what`, and an
 * empty list for a file that keeps the rule.
 */

export interface Source {
  /** Relative to the repository, with `/`. */
  path: string;
  text: string;
  tree: ts.SourceFile;
}

interface Import {
  line: number;
  specifier: string;
  /** Path relative to the repository for an import of our own, else null. */
  target: string | null;
  typeOnly: boolean;
  lazy: boolean;
}

export function parse(path: string, text: string): Source {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

function lineOf(source: Source, node: ts.Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

function isTypeOnlyImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = clause.namedBindings;
  if (clause.name || !bindings || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((each) => each.isTypeOnly);
}

export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean, lazy = false) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const own = specifier.text.startsWith(".");
    const target = own ? posix.normalize(posix.join(dirname(source.path), specifier.text)) : null;
    found.push({ line: lineOf(source, node), specifier: specifier.text, target, typeOnly, lazy });
  };
  walk(source.tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeOnlyImport(node));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], false, true);
  });
  return found;
}

// --- Import directions ---------------------------------------------------------------------------------------

// Downward only. Parts of the same height do not know each other, but for what `siblings` allows.
const height: Record<string, number> = {
  index: 9,
  cli: 8,
  console: 7,
  steward: 7,
  operations: 6,
  runtimes: 5,
  cluster: 5,
  render: 4,
  redis: 4,
  topology: 3,
  errors: 2,
  clock: 2,
};

function partOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

/** A runtime reports in the words of the snapshot; cluster knows a runtime by its interface only. */
function siblingAllowed(from: string, target: string, typeOnly: boolean): boolean {
  if (!typeOnly) return false;
  if (partOf(from) === "runtimes") return target === "src/cluster/snapshot.ts";
  return partOf(from) === "cluster" && target === "src/runtimes/runtime.ts";
}

export function importDirections(source: Source): string[] {
  const own = partOf(source.path);
  if (!(own in height)) return [`${source.path}:1: "${own}" is no part that test/source-rules.ts knows`];
  const complaints: string[] = [];
  for (const { line, target, typeOnly } of importsOf(source)) {
    if (target === null) continue;
    const other = partOf(target);
    const below = (height[other] ?? Infinity) < (height[own] ?? 0);
    if (other !== own && !below && !siblingAllowed(source.path, target, typeOnly))
      complaints.push(`${source.path}:${line}: ${own} may not import ${target}`);
    if (
      /^src\/runtimes\/(docker|local|state|watch)\//.test(target) &&
      !["cli", "index", "runtimes"].includes(own)
    )
      complaints.push(`${source.path}:${line}: only cli and index.ts choose a runtime, not ${own}`);
  }
  return complaints;
}

/**
 * `await import("ioredis")` has its named exports in Node and loses them in the bundle: esbuild gives a lazily
 * imported CommonJS package a default export only.
 */
export function lazyImportsAreOurs(source: Source): string[] {
  return importsOf(source)
    .filter(({ lazy, target, specifier }) => lazy && target === null && !specifier.startsWith("node:"))
    .map(
      ({ line, specifier }) =>
        `${source.path}:${line}: load a file of ours lazily, and ${specifier} from there`,
    );
}

// --- Purity --------------------------------------------------------------------------------------------------

// What meets the world, or reads its replies, in folders that are pure otherwise.
const impureFiles = /^src\/(topology\/load|cluster\/(observe[^/]*|ask|[^/]*-seen))\.ts$/;

export function isPure(path: string): boolean {
  if (impureFiles.test(path)) return false;
  return (
    /^src\/(topology|render|cluster)\//.test(path) ||
    /^src\/operations\/(first-master|failover-marks|.*plan[^/]*|drill\/(scenarios?|cast|applicable|figures|record|summary|verdict))\.ts$/.test(
      path,
    )
  );
}

const pureNodeModules = new Set(["node:path", "node:url", "node:util", "node:assert"]);
const impurePackages = new Set(["ioredis", "write-file-atomic", "@clack/prompts"]);
const impureCalls = new Set(["setTimeout", "setInterval", "setImmediate", "fetch"]);
const impureProperties = /^(Date\.now|Math\.random|performance\.now|process\..*)$/;

function impureImport({ specifier, target, typeOnly }: Import): boolean {
  if (typeOnly) return false;
  if (target !== null) return !isPure(target) && target !== "src/errors.ts";
  return specifier.startsWith("node:") ? !pureNodeModules.has(specifier) : impurePackages.has(specifier);
}

/** Names that the file itself gives to something: `process` may be a node's process there. */
function ownNames(source: Source): Set<string> {
  const names = new Set<string>();
  walk(source.tree, (node) => {
    const declares = ts.isParameter(node) || ts.isVariableDeclaration(node) || ts.isBindingElement(node);
    if (declares && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

function impureExpression(node: ts.Node, own: Set<string>): string | null {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    if (own.has(node.expression.text)) return null;
    const name = `${node.expression.text}.${node.name.text}`;
    return impureProperties.test(name) ? name : null;
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression))
    return impureCalls.has(node.expression.text) && !own.has(node.expression.text)
      ? node.expression.text
      : null;
  const today = ts.isNewExpression(node) && node.expression.getText() === "Date" && !node.arguments?.length;
  return today ? "new Date()" : null;
}

export function purity(source: Source): string[] {
  if (!isPure(source.path)) return [];
  const complaints = importsOf(source)
    .filter(impureImport)
    .map(({ line, specifier }) => `${source.path}:${line}: a pure file may not import ${specifier}`);
  const own = ownNames(source);
  walk(source.tree, (node) => {
    const what = impureExpression(node, own);
    if (what) complaints.push(`${source.path}:${lineOf(source, node)}: a pure file may not use ${what}`);
  });
  return complaints;
}

// --- Exports, length, sleeps ---------------------------------------------------------------------------------

export function noDefaultExport(source: Source): string[] {
  const isDefault = (statement: ts.Statement) =>
    ts.isExportAssignment(statement) ||
    (ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword));
  return source.tree.statements
    .filter((statement) => isDefault(statement))
    .map((statement) => `${source.path}:${lineOf(source, statement)}: default export`);
}

/** A barrel exports other files' things and has nothing of its own. */
export function noBarrel(source: Source): string[] {
  const { statements } = source.tree;
  const passesOn = (statement: ts.Statement) => ts.isExportDeclaration(statement);
  const barrel =
    statements.some(passesOn) && statements.every((each) => passesOn(each) || ts.isImportDeclaration(each));
  return barrel && source.path !== "src/index.ts"
    ? [`${source.path}:1: only re-exports: import from the file`]
    : [];
}

/** `// allow-NAME: reason` in the text; the reason has to be one. */
function allowed(name: string, text: string): boolean {
  return new RegExp(`// allow-${name}: .{10,}`).test(text);
}

export const longestFile = 300;

/** `// allow-long-file: why it is better in one piece` makes an exception. */
export function fileLength(source: Source): string[] {
  const lines = source.text.trimEnd().split("\n").length;
  if (lines <= longestFile || allowed("long-file", source.text)) return [];
  return [`${source.path}:1: ${lines} lines: split it along its second subject (at most ${longestFile})`];
}

function literalNumber(node: ts.Node | undefined): number | null {
  if (node && ts.isNumericLiteral(node)) return Number(node.text);
  if (!node || !ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.AsteriskToken)
    return null;
  const [left, right] = [literalNumber(node.left), literalNumber(node.right)];
  return left === null || right === null ? null : left * right;
}

/**
 * A wait of a fixed 100 ms or more: wait for a condition with `until`, or name the deadline. An exception is
 * `// allow-sleep: why there is no condition to wait for` on the same line or the one above.
 */
export function noFixedSleep(source: Source): string[] {
  const lines = source.text.split("\n");
  const complaints: string[] = [];
  walk(source.tree, (node) => {
    if (!ts.isCallExpression(node)) return;
    const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    if (!ts.isIdentifier(callee) || !["sleep", "delay", "setTimeout"].includes(callee.text)) return;
    // `socket.setTimeout` is a deadline, not a wait.
    if (callee.text === "setTimeout" && callee !== node.expression) return;
    const ms = node.arguments.map(literalNumber).find((value) => value !== null && value >= 100);
    const line = lineOf(source, node);
    if (ms !== undefined && !allowed("sleep", lines.slice(Math.max(0, line - 2), line).join("\n")))
      complaints.push(`${source.path}:${line}: ${callee.text} of a fixed ${ms} ms`);
  });
  return complaints;
}
