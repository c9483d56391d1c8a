import { expect, it } from 'vitest';
import { checkout } from './checkout.js';
import { cycles } from './cycles.js';
import { parseSource } from './source-file.js';

it('no file imports itself by way of others', () => {
  expect(cycles(checkout())).toEqual([]);
});

it('finds a circle of three', () => {
  const files = [
    parseSource('libs/http/a.ts', "import { b } from './b.js';"),
    parseSource('libs/http/b.ts', "export { c } from '#libs/http/c.js';"),
    parseSource('libs/http/c.ts', "import { x, type Y } from './a.js';"),
  ];
  expect(cycles(files)).toEqual(['libs/http/a.ts → libs/http/b.ts → libs/http/c.ts → libs/http/a.ts']);
});

it('lets two files know the types of each other, and two import a third', () => {
  const files = [
    parseSource('libs/http/a.ts', "import type { B } from './b.js'; import { c } from './c.js';"),
    parseSource('libs/http/b.ts', "import { type A } from './a.js'; import { c } from './c.js';"),
    parseSource('libs/http/c.ts', ''),
  ];
  expect(cycles(files)).toEqual([]);
});

it('lets two entities name each other, but not by way of another file', () => {
  const role = parseSource('libs/database/role.entity.ts', "import { Grant } from './grant.entity.js';");
  const grant = (text: string) => parseSource('libs/database/grant.entity.ts', text);
  expect(cycles([role, grant("import { Role } from './role.entity.js';")])).toEqual([]);

  const helper = parseSource('libs/database/helper.ts', "import { Grant } from './grant.entity.js';");
  expect(cycles([grant("import { help } from './helper.js';"), helper])).toHaveLength(1);
});
