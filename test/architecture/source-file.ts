import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

/** One import, re-export or `import()` call. */
export interface Import {
  /** The path from the root for project files (`libs/http/replies/replies.ts`), otherwise the specifier (`node:fs`, `typeorm`). */
  target: string;
  /** `import type`, which the compiler removes. */
  typeOnly: boolean;
  /** `import()`, which loads the file when it is called. */
  dynamic: boolean;
  line: number;
}

export interface SourceFile {
  /** The path from the root, with `/`. */
  path: string;
  imports: Import[];
  syntax: ts.SourceFile;
}

/** All TypeScript files in these folders of the checkout. */
export function readSources(root: string, folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(posix.join(root, folder), { recursive: true, encoding: 'utf8' })
      // libs/verify/dist is the package's own build.
      .filter((name) => name.endsWith('.ts') && !/(^|[\\/])dist[\\/]/.test(name))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .map((path) => parseSource(path, readFileSync(posix.join(root, path), 'utf8'))),
  );
}

export function parseSource(path: string, text: string): SourceFile {
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  visit(syntax, (node) => {
    const found = importOf(node);
    if (found) {
      imports.push({
        target: resolve(path, found.name),
        typeOnly: found.typeOnly,
        dynamic: ts.isCallExpression(node),
        line: lineOf(syntax, node),
      });
    }
  });
  return { path, imports, syntax };
}

export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** The line number, from 1. */
export function lineOf(syntax: ts.SourceFile, node: ts.Node): number {
  return syntax.getLineAndCharacterOfPosition(node.getStart(syntax)).line + 1;
}

function importOf(node: ts.Node): { name: string; typeOnly: boolean } | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { name: node.moduleSpecifier.text, typeOnly: isTypeOnly(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { name: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [name] = node.arguments;
    return name && ts.isStringLiteralLike(name) ? { name: name.text, typeOnly: false } : null;
  }
  return null;
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return !clause.name && !!named && ts.isNamedImports(named) && named.elements.every((one) => one.isTypeOnly);
}

/** `#libs/http/replies/replies.js` and `../http/replies/replies.js` both resolve to `libs/http/replies/replies.ts`. */
function resolve(from: string, name: string): string {
  if (!name.startsWith('#') && !name.startsWith('.')) return name;
  const path = name.startsWith('#') ? name.slice(1) : posix.join(posix.dirname(from), name);
  return path.replace(/\.js$/, '.ts');
}
