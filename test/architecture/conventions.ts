import ts from 'typescript';
import { lineOf, type SourceFile, visit } from './source-file.js';

/** Variables of the operating system and of Node, which are no settings of ours. */
const NO_SETTINGS = ["process.env['PATH']", "process.env['UV_THREADPOOL_SIZE']"];

/** Files that only pass on what others export: the import line is the map here. */
export function barrels(files: SourceFile[]): string[] {
  return files
    .filter(({ path, syntax }) => /(^|\/)index\.ts$/.test(path) || onlyReExports(syntax))
    .map(({ path }) => path);
}

/** Reads of the environment outside libs/config, which turns it into typed settings, and the command line's start. */
export function environmentReads(files: SourceFile[]): string[] {
  const readers = files.filter(({ path }) => !/^(libs\/config|apps\/cli)\//.test(path) && !isSpec(path));
  return places(
    readers,
    (node) => isMember(node, 'process', ['env']) && !NO_SETTINGS.includes(node.parent.getText()),
  );
}

/** `console.log` and its kind: what is said goes through the logger, or the command line's own output. */
export function consoleCalls(files: SourceFile[]): string[] {
  const applications = files.filter(({ path }) => /^(apps|libs)\//.test(path));
  return places(applications, (node) => isMember(node, 'console'));
}

/** Tests that never run (`it.skip`, `xit`, `it.todo`), or keep others from running (`it.only`); `it.runIf` is fine. */
export function switchedOffTests(files: SourceFile[]): string[] {
  return places(files, (node) =>
    ts.isIdentifier(node)
      ? ['xit', 'xtest', 'xdescribe', 'fit', 'fdescribe'].includes(node.text)
      : ['it', 'test', 'describe'].some((name) => isMember(node, name, ['skip', 'only', 'todo', 'fails'])),
  );
}

/** `owner.name` or `owner.….name`: any name unless some are given. */
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

function places(files: SourceFile[], matches: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  for (const { path, syntax } of files) {
    visit(syntax, (node) => {
      if (matches(node)) found.push(`${path}:${lineOf(syntax, node)}`);
    });
  }
  return found;
}
