import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Identity } from '#libs/database/users/identity.entity.js';
import { User } from '#libs/database/users/user.entity.js';
import type { Answer, Api } from '../support/api.js';
import { type BothServices, startBothServices } from '../support/both-services.js';

let both: BothServices;
let admin: Api;
beforeAll(async () => {
  both = await startBothServices();
  admin = await callerWith(['users:read', 'users:update', 'users:delete']);
});
afterAll(() => both.close());

/** A client of user-service with the token of a native account with these permissions. */
async function callerWith(permissions: string[]): Promise<Api> {
  const { api } = await both.idp.signIn(permissions);
  return both.service.api.as(api.token as string);
}

async function person(): Promise<{ api: Api; id: string; sub: string }> {
  const api = await callerWith([]);
  const { data } = await api.get('/users/me');
  return { api, id: data.id, sub: data.sub };
}

describe('rights', () => {
  it.each([
    ['GET', '/users', 'users:read'],
    ['GET', `/users/${randomUUID()}`, 'users:read'],
    ['PATCH', `/users/${randomUUID()}`, 'users:update'],
    ['DELETE', `/users/${randomUUID()}`, 'users:delete'],
  ])('%s %s asks for %s', async (method, path, permission) => {
    const call = (api: Api) =>
      method === 'GET' ? api.get(path) : method === 'PATCH' ? api.patch(path, {}) : api.delete(path);
    const others = ['users:read', 'users:update', 'users:delete'].filter((name) => name !== permission);
    expect((await call(both.service.api)).status).toBe(401);
    expect((await call(await callerWith([]))).status).toBe(403);
    expect((await call(await callerWith([...others, 'users:readAll', 'users']))).status).toBe(403);
    expect([200, 404]).toContain((await call(await callerWith([permission]))).status);
    expect([200, 404]).toContain((await call(await callerWith(['*']))).status);
  });

  it('are those that identity-provider has now, not those of the token', async () => {
    const { account, api } = await both.idp.signIn(['users:read']);
    const caller = both.service.api.as(api.token as string);
    expect((await caller.get('/users')).status).toBe(200);
    const nothing = await both.idp.make.role();
    const { api: idpAdmin } = await both.idp.signIn(['*']);
    await idpAdmin.patch(`/accounts/${account.id}`, { role_id: nothing.id });
    expect((await caller.get('/users')).status).toBe(403);
  });

  it('work with a token of nearly 16 KiB, and not with a longer one', async () => {
    const { account } = await both.idp.signIn(['users:read']);
    const callWith = async (length: number) => {
      const { token } = await both.idp.sessionOf(account, { filler: 'x'.repeat(length) });
      const caller = both.service.api.as(token as string);
      const answers = [await caller.get('/users'), await caller.put('/users/me', { first_name: 'Ada' })];
      return { length: token?.length, statuses: answers.map(({ status }) => status) };
    };
    const large = await callWith(11_200);
    expect(large.length).toBeGreaterThan(15_500);
    expect(large.length).toBeLessThanOrEqual(16_384);
    expect(large.statuses).toEqual([200, 200]);
    expect((await callWith(12_000)).statuses).toEqual([401, 401]);
  });

  it('end with the session: 401 where identity-provider is asked', async () => {
    const { api } = await both.idp.signIn(['users:read']);
    const caller = both.service.api.as(api.token as string);
    await api.post('/auth/logout');
    const { status, headers } = await caller.get('/users');
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
  });
});

describe('GET /users', () => {
  it('filters by username and email (case-insensitive), issuer and status', async () => {
    const { id, api } = await person();
    const { data: me } = await api.get('/users/me');
    const upper = encodeURIComponent(me.email.toUpperCase());
    const ids = async (query: string) =>
      (await admin.get(`/users?${query}`)).data.map((user: { id: string }) => user.id);
    expect(await ids(`email=${upper}`)).toEqual([id]);
    expect(await ids(`username=${upper}&issuer=native&status=active`)).toEqual([id]);
    expect(await ids(`username=${upper}&issuer=keycloak`)).toEqual([]);
    expect(await ids(`username=${upper}&status=suspended`)).toEqual([]);
    expect(await ids(`q=${upper.slice(0, 12)}`)).toContain(id);
  });

  it('reports an unknown issuer together with all other invalid parameters', async () => {
    const { status, errors } = await admin.get('/users?issuer=github&status=away&limit=0');
    expect(status).toBe(422);
    expect([...errors].sort()).toEqual([
      'issuer invalid_choice',
      'limit out_of_range',
      'status invalid_choice',
    ]);
  });

  it.each(['created_at', '-created_at', 'username', '-username', 'email', '-email'])(
    'goes through everybody once, page by page, sorted by %s',
    async (sort) => {
      for (let made = 0; made < 4; made++) await person();
      // A user without a username and an email.
      const anonymous = await person();
      const none = { username: null, usernameKey: null, email: null, emailKey: null };
      await both.service.database.manager.update(Identity, { userId: anonymous.id }, none);
      const field = sort.replace('-', '');
      const seen: string[] = [];
      const values: (string | null)[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const page: Answer<Record<string, string>[]> = await admin.get(`/users?limit=2&sort=${sort}${after}`);
        const { data, meta, status } = page;
        expect(status).toBe(200);
        seen.push(...data.map((user) => user['id'] as string));
        values.push(...data.map((user) => user[field] ?? null));
        cursor = meta.next_cursor;
      }
      const { meta } = await admin.get('/users?include_total=true');
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBe(meta.total);
      const sorted = values.filter((value) => value !== null).sort();
      if (sort.startsWith('-')) sorted.reverse();
      const nulls = values.filter((value) => value === null);
      expect(values).toEqual([...sorted, ...nulls]);
      expect(nulls.length > 0).toBe(field !== 'created_at');
    },
  );

  it.each([
    ['limit=0', 'limit out_of_range'],
    ['limit=101', 'limit out_of_range'],
    ['sort=status', 'sort invalid_choice'],
    ['status=deleted', 'status invalid_choice'],
    ['cursor=nonsense', 'cursor invalid_cursor'],
    ['password_hash=x', 'password_hash unknown_parameter'],
    ['limit=1&limit=2', 'limit repeated_parameter'],
    ['a[__proto__]=1', 'a[__proto__] unknown_parameter'],
  ])('refuses ?%s: 422', async (query, expected) => {
    const { status, errors } = await admin.get(`/users?${query}`);
    expect([status, errors]).toEqual([422, [expected]]);
  });
});

describe('suspending', () => {
  it('closes every route that needs a token, and can be reversed', async () => {
    const { api, id } = await person();
    const { status, data } = await admin.patch(`/users/${id}`, { status: 'suspended' });
    expect([status, data.status]).toEqual([200, 'suspended']);
    for (const path of ['/users/me', '/users/me/settings', '/users']) {
      const { status, errors } = await api.get(path);
      expect([status, errors]).toEqual([403, ['- user_suspended']]);
    }
    expect((await both.service.internal.post('/users/batch', { ids: [id] })).data[0].status).toBe(
      'suspended',
    );
    await admin.patch(`/users/${id}`, { status: 'active' });
    expect((await api.get('/users/me')).status).toBe(200);
  });

  it('needs the current version where If-Match is sent', async () => {
    const { id } = await person();
    const { headers } = await admin.get(`/users/${id}`);
    const ifMatch = { 'if-match': headers.get('etag') as string };
    expect((await admin.patch(`/users/${id}`, { status: 'suspended' }, ifMatch)).status).toBe(200);
    expect((await admin.patch(`/users/${id}`, { status: 'active' }, ifMatch)).status).toBe(412);
    expect((await admin.get(`/users/${id}`)).data.status).toBe('suspended');
  });

  it('is refused for the own profile: 409', async () => {
    const { data } = await admin.get('/users/me');
    const suspended = await admin.patch(`/users/${data.id}`, { status: 'suspended' });
    expect([suspended.status, suspended.errors]).toEqual([409, ['- own_user']]);
    expect((await admin.delete(`/users/${data.id}`)).status).toBe(409);
  });
});

describe('deleting', () => {
  it('keeps only the identity (issuer, sub), for ever', async () => {
    const { api, id, sub } = await person();
    const { data: before } = await api.get('/users/me');
    await api.put('/users/me', { display_name: 'Countess', settings: { a: 1 } });
    const { status, data } = await admin.delete(`/users/${id}`);
    expect([status, data]).toEqual([200, null]);

    for (const attempt of [1, 2]) {
      const { status, errors } = await api.get('/users/me');
      expect([attempt, status, errors]).toEqual([attempt, 403, ['- user_deleted']]);
    }
    expect((await admin.get(`/users/${id}`)).status).toBe(404);
    expect((await admin.delete(`/users/${id}`)).status).toBe(404);
    expect((await admin.get(`/users?email=${before.email}`)).data).toEqual([]);
    expect((await both.service.internal.get(`/users/username/${before.username}`)).status).toBe(404);
    expect((await both.service.internal.post('/users/batch', { subs: [sub] })).data).toEqual([]);

    const { manager } = both.service.database;
    expect(await manager.findOneByOrFail(User, { id })).toMatchObject({
      status: 'deleted',
      displayName: null,
      profilePicture: null,
      settings: {},
    });
    expect(await manager.findOneByOrFail(Identity, { issuer: 'native', sub })).toMatchObject({
      username: null,
      email: null,
      firstName: null,
      lastName: null,
    });
  });
});

describe('a malformed id', () => {
  it.each(['abc', '1', 'me2', "'; DROP TABLE users.users; --", '00000000-0000-0000-0000-00000000000'])(
    '%j is 404 like one that there is not',
    async (id) => {
      const missing = await admin.get(`/users/${randomUUID()}`);
      const malformed = await admin.get(`/users/${encodeURIComponent(id)}`);
      expect([malformed.status, malformed.errors]).toEqual([404, missing.errors]);
    },
  );
});

describe('names of a native user', () => {
  it('are changed in their account, with their own token, and shown to the old token at once', async () => {
    const { account, api } = await both.idp.signIn([]);
    const caller = both.service.api.as(api.token as string);
    const { status, data } = await caller.put('/users/me', {
      last_name: 'Lovelace',
      display_name: 'Countess',
    });
    expect(status).toBe(200);
    expect(data).toMatchObject({ last_name: 'Lovelace', display_name: 'Countess' });
    expect((await api.get('/auth/me')).data.account).toMatchObject({ id: account.id, last_name: 'Lovelace' });
    expect((await caller.get('/users/me')).data.last_name).toBe('Lovelace');
  });

  it('are not changed after their session has ended: 401', async () => {
    const { api } = await both.idp.signIn([]);
    const caller = both.service.api.as(api.token as string);
    await api.post('/auth/logout');
    expect((await caller.get('/users/me')).status).toBe(200);
    expect((await caller.put('/users/me', { last_name: 'X', display_name: 'Y' })).status).toBe(401);
    expect((await caller.get('/users/me')).data.display_name).toBeNull();
  });
});
