import { describe, expect, it } from 'vitest';
import { assertGrantable, exceeds } from './authority.service.js';
import { normalizePermissions } from './role-hierarchy.js';

describe('effective permissions', () => {
  it('are sorted and distinct', () => {
    expect(normalizePermissions(['roles:read', 'accounts:read', 'roles:read'])).toEqual([
      'accounts:read',
      'roles:read',
    ]);
  });

  it('are exactly * if the list contains *', () => {
    expect(normalizePermissions(['roles:read', '*', 'accounts:read'])).toEqual(['*']);
  });

  it('are empty for an empty list', () => {
    expect(normalizePermissions([])).toEqual([]);
  });
});

describe('exceeds', () => {
  it.each([
    [['a:read'], [], true],
    [['a:read', 'b:read'], ['a:read'], true],
    [['*'], ['a:read'], true],
    [['a:readAll'], ['a:read'], true],
    [['a:read'], ['a:*'], true],
    [['A:read'], ['a:read'], true],
    [['a:read'], ['a:read'], false],
    [['a:read'], ['a:read', 'b:read'], false],
    [['a:read', '*'], ['*'], false],
    [[], [], false],
  ])('%j compared with own %j: %s', (permissions, own, expected) => {
    expect(exceeds(permissions, own)).toBe(expected);
  });

  it('is 403 on the field at fault', () => {
    expect(() => assertGrantable(['a:read'], ['b:read'], 'role_id')).toThrow(
      expect.objectContaining({
        status: 403,
        errors: [expect.objectContaining({ field: 'role_id', code: 'exceeds_own_permissions' })],
      }),
    );
    expect(() => assertGrantable(['a:read'], ['a:read'])).not.toThrow();
  });
});
