import ts from 'typescript';
import { lineOf, type SourceFile, visit } from './source-file.js';

/** Variables of the operating system and of Node, which are not Twinkey's settings. */
const SYSTEM_VARIABLES = ["process.env['PATH']", "process.env['UV_THREADPOOL_SIZE']"];

/** Barrel files, which only re-export: an import must name the file that defines a symbol. */
export function barrels(files: SourceFile[]): string[] {
  return files
    .filter(({ path, syntax }) => /(^|\/)index\.ts$/.test(path) || onlyReExports(syntax))
    .map(({ path }) => path);
}

/** Reads of the environment outside libs/config, which makes typed settings of it, and outside the command line. */
export function environmentReads(files: SourceFile[]): string[] {
  const readers = files.filter(({ path }) => !/^(libs\/config|apps\/cli)\//.test(path) && !isSpec(path));
  return findNodes(
    readers,
    (node) => isMember(node, 'process', ['env']) && !SYSTEM_VARIABLES.includes(node.parent.getText()),
  );
}

/** Calls of `console`: output must use the logger, or the command line's output functions. */
export function consoleCalls(files: SourceFile[]): string[] {
  const applications = files.filter(({ path }) => /^(apps|libs)\//.test(path));
  return findNodes(applications, (node) => isMember(node, 'console'));
}

/** Tests that never run (`it.skip`, `xit`, `it.todo`) or disable others (`it.only`). `it.runIf` is allowed. */
export function disabledTests(files: SourceFile[]): string[] {
  return findNodes(files, (node) =>
    ts.isIdentifier(node)
      ? ['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe'].includes(node.text)
      : ['it', 'test', 'describe'].some((name) => isMember(node, name, ['skip', 'only', 'todo', 'fails'])),
  );
}

/** Whether a node is `owner.name` or `owner.….name`, with any name or one of `names`. */
function isMember(node: ts.Node, owner: string, names?: string[]): boolean {
  if (!ts.isPropertyAccessExpression(node) || (names && !names.includes(node.name.text))) return false;
  let first: ts.Expression = node.expression;
  while (ts.isPropertyAccessExpression(first)) first = first.expression;
  return ts.isIdentifier(first) && first.text === owner;
}

function onlyReExports({ statements }: ts.SourceFile): boolean {
  return (
    statements.length > 0 && statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier)
  );
}

function isSpec(path: string): boolean {
  return path.endsWith('.spec.ts');
}

function findNodes(files: SourceFile[], matches: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  for (const { path, syntax } of files) {
    visit(syntax, (node) => {
      if (matches(node)) found.push(`${path}:${lineOf(syntax, node)}`);
    });
  }
  return found;
}
