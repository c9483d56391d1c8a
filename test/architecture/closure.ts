import type { SourceFile } from './source-file.js';

/** What Node loads with a file, without types and without `import()`. */
export interface Closure {
  /** Paths of the project's files, the file itself included. */
  files: string[];
  /** Specifiers of packages: `typeorm`, `node:fs`. */
  packages: string[];
}

/** @throws Error if `files` lacks `path` */
export function closureOf(files: SourceFile[], path: string): Closure {
  const byPath = new Map(files.map((file) => [file.path, file]));
  if (!byPath.has(path)) throw new Error(`There is no file ${path}.`);
  const found = new Set([path]);
  for (const each of found) {
    for (const { target, typeOnly, dynamic } of byPath.get(each)?.imports ?? []) {
      if (!typeOnly && !dynamic) found.add(target);
    }
  }
  const all = [...found];
  return { files: all.filter((each) => byPath.has(each)), packages: all.filter((each) => !byPath.has(each)) };
}
