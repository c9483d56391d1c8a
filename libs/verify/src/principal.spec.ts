import { expect, it } from 'vitest';
import { hasPermission } from './principal.js';

it('compares exactly', () => {
  expect(hasPermission(['accounts:read'], 'accounts:read')).toBe(true);
  for (const near of [
    'accounts:readAll',
    'accounts:rea',
    'Accounts:read',
    'account:read',
    'accounts:read ',
    'accounts:',
  ]) {
    expect(hasPermission(['accounts:read'], near)).toBe(false);
    expect(hasPermission([near], 'accounts:read')).toBe(false);
  }
});

it('* includes everything, and there is no other wildcard', () => {
  expect(hasPermission(['*'], 'anything:at-all')).toBe(true);
  for (const wildcard of ['accounts:*', '*:read', '*:*', '**', '.*', '']) {
    expect(hasPermission([wildcard], 'accounts:read')).toBe(false);
  }
  expect(hasPermission([], 'accounts:read')).toBe(false);
});
