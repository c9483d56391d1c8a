import { expect, it } from 'vitest';
import { accessOf, permissionDecorator } from './access.js';

const RequirePermission = permissionDecorator<'things:read' | 'things:update'>();

it('requires the named permissions', () => {
  class Things {
    @RequirePermission('things:read', 'things:update')
    read() {}
  }
  expect(accessOf(Things.prototype.read)).toEqual({
    kind: 'token',
    permissions: ['things:read', 'things:update'],
    nativeOnly: false,
  });
});

it('does not compile with a name that the application does not have', () => {
  // @ts-expect-error: the type check fails here if this compiles.
  expect(RequirePermission('things:raed')).toBeTypeOf('function');
});
