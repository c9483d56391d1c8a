import { expect, it } from 'vitest';
import { holds } from './has-permission.js';
import { PERMISSIONS } from './permissions.js';

it('compares exactly', () => {
  expect(holds(['accounts:read'], 'accounts:read')).toBe(true);
  for (const near of [
    'accounts:readAll',
    'accounts:rea',
    'Accounts:read',
    'account:read',
    'accounts:read ',
    'accounts:',
  ]) {
    expect(holds(['accounts:read'], near)).toBe(false);
    expect(holds([near], 'accounts:read')).toBe(false);
  }
});

it('takes * for everything, and no other wildcard', () => {
  expect(holds(['*'], 'anything:at-all')).toBe(true);
  for (const wildcard of ['accounts:*', '*:read', '*:*', '**', '.*', '']) {
    expect(holds([wildcard], 'accounts:read')).toBe(false);
  }
  expect(holds([], 'accounts:read')).toBe(false);
});

it('the catalogue names each permission once', () => {
  const names = PERMISSIONS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => name === '*' || /^[a-z]+:(create|read|update|delete)$/.test(name))).toBe(true);
});
