import { expect, it } from 'vitest';
import { accessOf } from '#libs/verify/src/nest/access.js';
import { RequirePermission } from './access.js';

it('requires the named permissions', () => {
  class Things {
    @RequirePermission('roles:read', 'roles:update')
    read() {}
  }
  expect(accessOf(Things.prototype.read)).toEqual({
    kind: 'token',
    permissions: ['roles:read', 'roles:update'],
    nativeOnly: false,
  });
});

it('does not compile with a name that the catalogue does not have', () => {
  // @ts-expect-error: the type check fails here if this compiles.
  expect(RequirePermission('roles:raed')).toBeTypeOf('function');
});
