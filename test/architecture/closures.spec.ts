import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { closureOf } from './closure.js';
import { readSources } from './source-file.js';

const files = readSources(fileURLToPath(new URL('../..', import.meta.url)), ['apps', 'libs', 'migrations']);

/**
 * Bounds how many files a reader of a route has to follow. Raise a number only for a file that the route needs: what only
 * describes something is imported as a type (`docs/decisions/import-closures.md`).
 */
it.each([
  ['roles/roles.controller', 23],
  ['auth/auth.controller', 39],
])('%s imports at most %i files, directly and indirectly', (name, bound) => {
  const closure = closureOf(files, `apps/identity-provider/src/${name}.ts`).files;
  expect(closure.length).toBeGreaterThan(10);
  expect(closure.length).toBeLessThanOrEqual(bound);
});
