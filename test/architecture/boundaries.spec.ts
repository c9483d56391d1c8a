import { describe, expect, it } from 'vitest';
import { crossings } from './boundaries.js';
import { checkout } from './checkout.js';
import { parseSource } from './source-file.js';

it('no import crosses a boundary', () => {
  expect(crossings(checkout())).toEqual([]);
});

describe('the rule', () => {
  const crossing = (path: string, text: string) => crossings([parseSource(path, text)]);

  it.each([
    ['an application that imports another', 'apps/user-service/src/a.ts', '#apps/identity-provider/src/b.js'],
    ['the same by a relative path', 'apps/user-service/src/a.ts', '../../identity-provider/src/b.js'],
    ['an application that imports the command line', 'apps/identity-provider/src/a.ts', '#apps/cli/src/b.js'],
    ['a library that imports an application', 'libs/auth/a.ts', '#apps/identity-provider/src/b.js'],
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
    ['libs/http/a.ts', 'typeorm'],
    ['libs/http/a.spec.ts', '../../test/support/b.js'],
    ['libs/http/a.ts', './b.js'],
  ])('lets %s import %s', (path, target) => {
    expect(crossing(path, `import { b } from '${target}';`)).toEqual([]);
  });
});
