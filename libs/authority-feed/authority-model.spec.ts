import { expect, it } from 'vitest';
import { AuthorityModel } from './authority-model.js';
import type { AuthorityRead, RevocationRow } from './authority-rows.js';

const holderOf = (role: string, n: number, version: number): RevocationRow => ({
  issuer: 'native',
  kind: 'role',
  id: `account-${n}`,
  issued_before: null,
  expires_at: null,
  removed: false,
  changed_by: version,
  mark: `${version}-${n}`,
  role,
});

const readOf = (role: string, version: number): AuthorityRead => ({
  origin: 'a database',
  recorded_since: 0,
  version,
  snapshot: `${version}:${version}:`,
  oldest_running: version,
  authority: `authority ${version}`,
  roles: { [role]: ['things:read'] },
  rows: Array.from({ length: 12_000 }, (_, n) => holderOf(role, n, version)),
  is_full: false,
  is_standby: false,
});

it('a renamed role is removed in the last part: subjects of that part have it until then', () => {
  const model = new AuthorityModel(new Map([['native', 'https://id.example.com']]));
  model.apply(readOf('old', 1), Date.now());
  const update = model.apply(readOf('new', 2), Date.now());
  const parts = update.kind === 'change' ? update.parts : [];
  expect(parts.map(({ roles }) => roles)).toEqual([{ new: ['things:read'] }, {}]);
  expect(parts.map(({ removed }) => removed.roles)).toEqual([[], ['old']]);
  expect(parts.map(({ subjects }) => subjects.length)).toEqual([10_000, 2_000]);
});
