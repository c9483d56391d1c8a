import { describe, expect, it } from 'vitest';
import { crossings } from './boundaries.js';
import { barrels, consoleCalls, disabledTests, environmentReads } from './conventions.js';
import { cycles } from './cycles.js';
import { parseSource } from './source-file.js';

describe('the rule for boundaries', () => {
  const crossing = (path: string, text: string) => crossings([parseSource(path, text)]);

  it.each([
    ['an application that imports another', 'apps/user-service/src/a.ts', '#apps/identity-provider/src/b.js'],
    ['the same with a relative path', 'apps/user-service/src/a.ts', '../../identity-provider/src/b.js'],
    ['an application that imports the command line', 'apps/identity-provider/src/a.ts', '#apps/cli/src/b.js'],
    ['a library that imports an application', 'libs/auth/a.ts', '#apps/identity-provider/src/b.js'],
    ['the package that imports a library', 'libs/verify/src/a.ts', '../../core/ids.js'],
    ['a library against the direction', 'libs/config/a.ts', '#libs/http/b.js'],
    ['http that imports the database', 'libs/http/a.ts', '#libs/database/b.js'],
    [
      'a migration that imports an entity',
      'migrations/users/1.ts',
      '../../libs/database/users/user.entity.js',
    ],
    ['a source that imports test code', 'libs/http/a.ts', '../../test/support/b.js'],
  ])('refuses %s', (_, path, target) => {
    expect(crossing(path, `import { b } from '${target}';`)).toEqual([expect.stringContaining(`${path}:1`)]);
  });

  it.each([
    "import type { B } from '#apps/cli/src/b.js';",
    "export * from '#apps/cli/src/b.js';",
    "const b = await import('#apps/cli/src/b.js');",
  ])('sees %s', (text) => {
    expect(crossing('libs/http/a.ts', text)).toEqual(['libs/http/a.ts:1 imports apps/cli/src/b.ts']);
  });

  it('refuses a library that has no rule', () => {
    expect(crossing('libs/mail/a.ts', '')).toHaveLength(1);
  });

  it.each([
    ['apps/cli/src/a.ts', '#apps/user-service/src/b.js'],
    ['apps/user-service/src/a.ts', '#libs/auth/b.js'],
    ['libs/auth/a.ts', '#libs/http/b.js'],
    ['libs/database/a.ts', '#libs/verify/src/b.js'],
    ['libs/http/a.ts', 'typeorm'],
    ['libs/http/a.spec.ts', '../../test/support/b.js'],
    ['libs/http/a.ts', './b.js'],
  ])('lets %s import %s', (path, target) => {
    expect(crossing(path, `import { b } from '${target}';`)).toEqual([]);
  });
});

describe('the rule for cycles', () => {
  it('finds a cycle of three files', () => {
    const files = [
      parseSource('libs/http/a.ts', "import { b } from './b.js';"),
      parseSource('libs/http/b.ts', "export { c } from '#libs/http/c.js';"),
      parseSource('libs/http/c.ts', "import { x, type Y } from './a.js';"),
    ];
    expect(cycles(files)).toEqual(['libs/http/a.ts → libs/http/b.ts → libs/http/c.ts → libs/http/a.ts']);
  });

  it('allows two files to import types of each other, and two files to import a third', () => {
    const files = [
      parseSource('libs/http/a.ts', "import type { B } from './b.js'; import { c } from './c.js';"),
      parseSource('libs/http/b.ts', "import { type A } from './a.js'; import { c } from './c.js';"),
      parseSource('libs/http/c.ts', ''),
    ];
    expect(cycles(files)).toEqual([]);
  });
});

describe('the conventions', () => {
  it.each([
    [barrels, 'libs/http/index.ts', 'export const a = 1;'],
    [barrels, 'libs/http/all.ts', "export * from './a.js'; export { b } from './b.js';"],
    [environmentReads, 'libs/http/a.ts', "const port = process.env['PORT'];"],
    [environmentReads, 'apps/user-service/src/a.ts', 'const { PORT } = process.env;'],
    [consoleCalls, 'libs/http/a.ts', "console.log('here');"],
    [consoleCalls, 'apps/cli/src/a.ts', 'const say = console.error;'],
    [disabledTests, 'libs/http/a.spec.ts', "it.skip('works', () => {});"],
    [disabledTests, 'libs/http/a.spec.ts', "describe.only('a', () => {});"],
    [disabledTests, 'test/a.e2e.ts', "it.concurrent.skip('works', () => {});"],
    [disabledTests, 'test/a.e2e.ts', "xit('works', () => {});"],
  ])('find a violation with %o in %s: %s', (rule, path, text) => {
    expect(rule([parseSource(path, text)])).toEqual([expect.stringContaining(path)]);
  });

  it.each([
    [barrels, 'libs/http/a.ts', "export { b } from './b.js'; export const a = 1;"],
    [environmentReads, 'libs/config/a.ts', 'const env = process.env;'],
    [environmentReads, 'libs/http/a.ts', "const path = process.env['PATH'];"],
    [environmentReads, 'libs/http/a.ts', '// process.env is read elsewhere'],
    [consoleCalls, 'libs/http/a.ts', "logger.log('console.log');"],
    [disabledTests, 'libs/http/a.spec.ts', "it.each([1])('works', () => page.skip());"],
  ])('find nothing with %o in %s: %s', (rule, path, text) => {
    expect(rule([parseSource(path, text)])).toEqual([]);
  });
});
