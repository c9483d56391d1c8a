import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '#libs/audit/audit-actions.js';

const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');

it('docs/audit.md lists exactly the actions that there are, with outcome and target', () => {
  const rows = [...page.matchAll(/^\| `([a-z]+\.[a-z_]+)` \| (\w+) \| (\w+)/gm)];
  const listed = rows.map(([, action, outcome, target]) => [action, { outcome, target }]);
  expect(listed).toEqual(Object.entries(AUDIT_ACTIONS));
});
