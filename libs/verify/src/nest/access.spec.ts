import { expect, it } from 'vitest';
import { Authenticated, accessOf, Public, RequirePermission } from './access.js';

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

it('refuses two declarations of one handler', () => {
  expect(() => {
    class Things {
      @Public()
      @Authenticated()
      read() {}
    }
    return Things;
  }).toThrow('read declares its access twice.');
});
