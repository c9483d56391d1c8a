import type { SourceFile } from './source-file.js';

/**
 * Import cycles, each once, as `a.ts → b.ts → a.ts`. Type-only imports are ignored.
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

  function follow(path: string, trail: string[]): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const target of importsOf.get(path) ?? []) follow(target, [...trail, path]);
    done.add(path);
  }

  for (const path of importsOf.keys()) follow(path, []);
  return found;
}
