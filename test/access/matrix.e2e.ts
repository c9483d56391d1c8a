import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeclaredRoute } from '#libs/auth/declared-access.js';
import { newId } from '#libs/core/ids.js';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { ALL_PERMISSIONS } from '#libs/verify/src/principal.js';
import { type AppsUnderTest, startAppsUnderTest } from './apps-under-test.js';
import { IDENTITY_PROVIDER, INTERNAL, tableOf, USER_SERVICE } from './routes.js';

let apps: AppsUnderTest;
beforeAll(async () => {
  apps = await startAppsUnderTest();
});
afterAll(() => apps?.close());

describe('the routes and their required permissions match the list', () => {
  it.each([
    ['identity-provider', 'identityProvider', IDENTITY_PROVIDER],
    ['user-service', 'userService', USER_SERVICE],
    ['the internal port', 'internal', INTERNAL],
  ] as const)('of %s', (_, app, listed) => {
    expect(tableOf(apps.routes[app])).toBe(listed);
  });

  it('and require existing permissions', () => {
    const names: string[] = PERMISSION_CATALOGUE.map(({ name }) => name);
    for (const { access } of Object.values(apps.routes).flat()) {
      if (access?.kind === 'token') expect(names).toEqual(expect.arrayContaining([...access.permissions]));
    }
  });
});

/** All routes of the published ports, with their base URLs. */
const published = () => [
  ...apps.routes.identityProvider.map((route) => ({
    ...route,
    root: apps.idp.api.url.replace('/api/v1', ''),
  })),
  ...apps.routes.userService.map((route) => ({ ...route, root: apps.service.api.url })),
];

/** Calls a route with unknown ids and an empty body. */
async function send({ method, path, root }: DeclaredRoute & { root: string }, authorization?: string) {
  const response = await fetch(root + path.replaceAll(/:\w+/g, newId()), {
    method,
    // Without it the authority feed answers with a stream.
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(authorization ? { authorization } : {}),
    },
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
  const { errors } = (await response.json()) as { errors?: { code: string }[] | null };
  const code = errors?.[0]?.code ?? null;
  return { status: response.status, code, challenge: response.headers.get('www-authenticate') };
}

const isRefusal = ({ status }: { status: number }) => status === 401 || status === 403;

/** A token of a new session with these permissions. Each call needs a new one, because `/auth/logout` ends its session. */
async function bearer(permissions: readonly string[]): Promise<string> {
  const { api } = await apps.idp.signIn(permissions);
  return `Bearer ${api.token}`;
}

const allExcept = (permissions: readonly string[]) =>
  PERMISSION_CATALOGUE.map(({ name }) => name).filter(
    (name) => !permissions.includes(name) && name !== ALL_PERMISSIONS,
  );

describe('every route', () => {
  it('answers 401 without a token and with an invalid one, unless it is public', async () => {
    for (const route of published()) {
      const [none, bad] = [await send(route), await send(route, 'Bearer nonsense')];
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
      const { status } = await send({ ...route, path: `${route.path}?undeclared=1` });
      expect([route.method, route.path, status]).toEqual([route.method, route.path, 401]);
    }
  });

  it('answers 403 to callers with all other permissions, and accepts callers with only the required one', async () => {
    for (const route of published()) {
      if (route.access?.kind !== 'token') continue;
      const { permissions } = route.access;
      const title = `${route.method} ${route.path}`;
      const none = await send(route, await bearer([]));
      if (permissions.length === 0) {
        expect([title, isRefusal(none)]).toEqual([title, false]);
        continue;
      }
      expect([title, none]).toMatchObject([title, { status: 403, code: 'forbidden' }]);
      const all = await send(route, await bearer(allExcept(permissions)));
      expect([title, all]).toMatchObject([title, { status: 403, code: 'forbidden' }]);
      for (const permission of permissions) {
        // Similar permission names do not match.
        const [resource = '', action = ''] = permission.split(':');
        const similar = [
          `${resource}:${action}All`,
          `${resource.slice(1)}:${action}`,
          `${resource}-x:${action}`,
        ];
        expect([title, await send(route, await bearer(similar))]).toMatchObject([title, { status: 403 }]);
        expect([title, isRefusal(await send(route, await bearer([permission])))]).toEqual([title, false]);
      }
    }
  });

  it('accepts callers with all permissions', async () => {
    for (const route of published()) {
      const answer = await send(route, await bearer([ALL_PERMISSIONS]));
      expect([route.method, route.path, isRefusal(answer)]).toEqual([route.method, route.path, false]);
    }
  });

  it('answers 403 to a Keycloak token, unless its roles are mapped or any valid token is accepted', async () => {
    const unmapped = `Bearer ${apps.keycloakToken('admin', 'everyone')}`;
    const mapped = `Bearer ${apps.keycloakToken('everything')}`;
    for (const route of published()) {
      if (route.access?.kind !== 'token') continue;
      const { permissions, nativeOnly } = route.access;
      const title = `${route.method} ${route.path}`;
      const [without, withRole] = [await send(route, unmapped), await send(route, mapped)];
      if (nativeOnly) {
        const refusal = { status: 403, code: 'native_account_required' };
        expect([title, without, withRole]).toMatchObject([title, refusal, refusal]);
      } else {
        expect([title, isRefusal(without), isRefusal(withRole)]).toEqual([
          title,
          permissions.length > 0,
          false,
        ]);
      }
    }
  });
});
