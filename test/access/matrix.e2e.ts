import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeclaredRoute } from '#libs/auth/declared-access.js';
import { ALL_PERMISSIONS, PERMISSIONS } from '#libs/auth/permissions.js';
import { newId } from '#libs/core/ids.js';
import { type AppsUnderTest, startApps } from './apps.js';
import { IDENTITY_PROVIDER, INTERNAL, tableOf, USER_SERVICE } from './routes.js';

let apps: AppsUnderTest;
beforeAll(async () => {
  apps = await startApps();
});
afterAll(() => apps?.close());

describe('the routes and who may call them are the ones listed', () => {
  it.each([
    ['identity-provider', 'identityProvider', IDENTITY_PROVIDER],
    ['user-service', 'userService', USER_SERVICE],
    ['the internal port', 'internal', INTERNAL],
  ] as const)('of %s', (_, app, listed) => {
    expect(tableOf(apps.routes[app])).toBe(listed);
  });

  it('and ask for permissions that there are', () => {
    const names: string[] = PERMISSIONS.map(({ name }) => name);
    for (const { access } of Object.values(apps.routes).flat()) {
      if (access?.kind === 'token' && access.permission) expect(names).toContain(access.permission);
    }
  });
});

/** All routes that a published port has, with where they are. */
const published = () => [
  ...apps.routes.identityProvider.map((route) => ({
    ...route,
    root: apps.idp.api.url.replace('/api/v1', ''),
  })),
  ...apps.routes.userService.map((route) => ({ ...route, root: apps.service.api.url })),
];

/** Asks as little as a route can be asked: ids of nothing, a body of nothing. */
async function ask({ method, path, root }: DeclaredRoute & { root: string }, authorization?: string) {
  const response = await fetch(root + path.replaceAll(/:\w+/g, newId()), {
    method,
    headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
  const { errors } = (await response.json()) as { errors?: { code: string }[] | null };
  const code = errors?.[0]?.code ?? null;
  return { status: response.status, code, challenge: response.headers.get('www-authenticate') };
}

const isRefusal = ({ status }: { status: number }) => status === 401 || status === 403;

/** A fresh session of somebody with these permissions: `/auth/logout` ends one. */
async function bearer(permissions: readonly string[]): Promise<string> {
  const { api } = await apps.idp.signIn(permissions);
  return `Bearer ${api.token}`;
}

const others = (permission: string) =>
  PERMISSIONS.map(({ name }) => name).filter((name) => name !== permission && name !== ALL_PERMISSIONS);

describe('every route', () => {
  it('answers 401 without a token and with a bad one, unless it is for anybody', async () => {
    for (const route of published()) {
      const [none, bad] = [await ask(route), await ask(route, 'Bearer nonsense')];
      const title = `${route.method} ${route.path}`;
      if (route.access?.kind === 'public') {
        expect([title, isRefusal(none), isRefusal(bad)]).toEqual([title, false, false]);
        continue;
      }
      expect([title, none]).toEqual([title, { status: 401, code: 'unauthorized', challenge: 'Bearer' }]);
      const challenge = 'Bearer error="invalid_token"';
      expect([title, bad]).toEqual([title, { status: 401, code: 'unauthorized', challenge }]);
    }
  });

  it('checks access before input', async () => {
    for (const route of published()) {
      if (route.access?.kind === 'public') continue;
      const { status } = await ask({ ...route, path: `${route.path}?undeclared=1` });
      expect([route.method, route.path, status]).toEqual([route.method, route.path, 401]);
    }
  });

  it('answers 403 to who holds every permission but its own, and lets in who holds that one alone', async () => {
    for (const route of published()) {
      if (route.access?.kind !== 'token') continue;
      const { permission } = route.access;
      const title = `${route.method} ${route.path}`;
      const nobody = await ask(route, await bearer([]));
      if (permission === null) {
        expect([title, isRefusal(nobody)]).toEqual([title, false]);
        continue;
      }
      expect([title, nobody]).toMatchObject([title, { status: 403, code: 'forbidden' }]);
      const all = await ask(route, await bearer(others(permission)));
      expect([title, all]).toMatchObject([title, { status: 403, code: 'forbidden' }]);
      // Names that are like it are not it.
      const [resource = '', action = ''] = permission.split(':');
      const alike = [`${resource}:${action}All`, `${resource.slice(1)}:${action}`, `${resource}-x:${action}`];
      expect([title, await ask(route, await bearer(alike))]).toMatchObject([title, { status: 403 }]);
      expect([title, isRefusal(await ask(route, await bearer([permission])))]).toEqual([title, false]);
    }
  });

  it('lets in who holds everything', async () => {
    for (const route of published()) {
      const answer = await ask(route, await bearer([ALL_PERMISSIONS]));
      expect([route.method, route.path, isRefusal(answer)]).toEqual([route.method, route.path, false]);
    }
  });

  it('answers a Keycloak token 403, unless its roles are mapped, or any token will do', async () => {
    const unmapped = `Bearer ${apps.keycloakToken('admin', 'everyone')}`;
    const mapped = `Bearer ${apps.keycloakToken('everything')}`;
    for (const route of published()) {
      if (route.access?.kind !== 'token') continue;
      const { permission, nativeOnly } = route.access;
      const title = `${route.method} ${route.path}`;
      const [less, more] = [await ask(route, unmapped), await ask(route, mapped)];
      if (nativeOnly) {
        const refusal = { status: 403, code: 'native_account_required' };
        expect([title, less, more]).toMatchObject([title, refusal, refusal]);
      } else {
        expect([title, isRefusal(less), isRefusal(more)]).toEqual([title, permission !== null, false]);
      }
    }
  });
});
