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
  read_at: 0,
  server_started_at: 0,
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

it('a role that is renamed for more accounts than one read can have is removed after their last portion', () => {
  const model = new AuthorityModel(new Map([['native', 'https://id.example.com']]));
  model.apply(readOf('old', 1), Date.now());
  const { rows, ...renamed } = readOf('new', 2);
  const updates = [model.apply({ ...renamed, rows: rows.slice(0, 6_000), is_full: true }, Date.now())];
  for (const [begin, is_full] of [
    [0, true],
    [6_000, false],
  ] as const) {
    model.applyPortion({ ...renamed, rows: rows.slice(begin, begin + 6_000), is_full });
    updates.push(model.apply({ ...renamed, rows: [] }, Date.now()));
  }
  const told = updates.map((update) => (update.kind === 'change' ? update : null));
  expect(told.map((update) => update?.hasMore)).toEqual([true, true, false]);
  const parts = told.map((update) => update?.parts[0]);
  expect(parts.map((part) => part?.roles)).toEqual([{ new: ['things:read'] }, {}, {}]);
  expect(parts.map((part) => part?.subjects.length)).toEqual([0, 6_000, 6_000]);
  expect(parts.map((part) => part?.removed.roles)).toEqual([[], [], ['old']]);
});
