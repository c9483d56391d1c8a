import type { SourceFile } from './source-file.js';

/**
 * Files that import each other in a circle, each circle once, as `a.ts → b.ts → a.ts`. Type-only imports don't count.
 */
export function cycles(files: SourceFile[]): string[] {
  const importsOf = new Map(
    files.map(({ path, imports }) => {
      const loaded = imports.filter((one) => !one.typeOnly);
      return [path, loaded.map((one) => one.target)];
    }),
  );
  const done = new Set<string>();
  const found: string[] = [];

  function follow(path: string, way: string[]): void {
    const start = way.indexOf(path);
    if (start >= 0) {
      found.push([...way.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of importsOf.get(path) ?? []) follow(target, [...way, path]);
    done.add(path);
  }

  for (const path of importsOf.keys()) follow(path, []);
  return found;
}
