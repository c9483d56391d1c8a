import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import type { Role } from '#libs/database/identity/role.entity.js';
import type { Api } from '../support/api.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

let idp: TestIdentityProvider;
let admin: Api;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
  ({ api: admin } = await idp.signIn(['*']));
});
afterAll(() => idp.close());

interface Entry {
  id: string;
  name: string;
  email: string;
  created_at: string;
}

/** The entries of all pages of a list. */
async function walk(path: string, limit: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: Entry[]; meta: { limit: number; next_cursor: string | null } } = await admin.get(
      `${path}&limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    expect(page.meta.limit).toBe(limit);
    expect(page.data.length).toBeLessThanOrEqual(limit);
    entries.push(...page.data);
    cursor = page.meta.next_cursor;
  }
  return entries;
}

/** Accounts of one role, some of them created in the same millisecond. */
async function accountsOf(role: Role, count: number) {
  const day = Date.parse('2026-01-31T00:00:00Z');
  return Promise.all(
    Array.from({ length: count }, (_, index) =>
      idp.make.account({
        roleId: role.id,
        createdAt: new Date(day + Math.floor(index / 3)),
        status: index % 2 ? 'active' : 'disabled',
      }),
    ),
  );
}

describe('pages of accounts', () => {
  it.each([
    ['created_at', ({ created_at, id }: Entry) => created_at + id, 1],
    ['-created_at', ({ created_at, id }: Entry) => created_at + id, -1],
    ['email', ({ email }: Entry) => email, 1],
    ['-email', ({ email }: Entry) => email, -1],
  ])('sorted by %s contain each entry once, in order', async (sort, keyOf, direction) => {
    const role = await idp.make.role();
    const accounts = await accountsOf(role, 10);
    for (const limit of [1, 3, 10, 100]) {
      const entries = await walk(`/accounts?role_id=${role.id}&sort=${sort}`, limit);
      expect(new Set(entries.map(({ id }) => id))).toEqual(new Set(accounts.map(({ id }) => id)));
      const keys = entries.map(keyOf);
      expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -direction : direction)));
      expect(entries).toHaveLength(10);
    }
  });

  it('are sorted by creation time and have twenty entries by default', async () => {
    const role = await idp.make.role();
    await accountsOf(role, 21);
    const { data, meta } = await admin.get(`/accounts?role_id=${role.id}`);
    expect(data).toHaveLength(20);
    expect(meta).toEqual({ limit: 20, next_cursor: expect.any(String) });
    const times = data.map(({ created_at }: Entry) => created_at);
    expect(times).toEqual([...times].sort());
  });

  it('continue where they ended while rows are added and deleted', async () => {
    const role = await idp.make.role();
    const accounts = await accountsOf(role, 6);
    const path = `/accounts?role_id=${role.id}&sort=email&limit=3`;
    const first = await admin.get(path);
    await admin.delete(`/accounts/${first.data[2].id}`);
    await idp.make.account({ roleId: role.id, email: 'aaa-before@example.com' });
    const second = await admin.get(`${path}&cursor=${first.meta.next_cursor}`);
    const seen = [...first.data, ...second.data].map(({ id }: Entry) => id);
    expect(new Set(seen)).toEqual(new Set(accounts.map(({ id }) => id)));
  });

  it('can be filtered by role and status, and counted', async () => {
    const role = await idp.make.role();
    await accountsOf(role, 7);
    const { data, meta } = await admin.get(
      `/accounts?role_id=${role.id.toUpperCase()}&status=disabled&limit=2&include_total=true`,
    );
    expect(data.map(({ status }: { status: string }) => status)).toEqual(['disabled', 'disabled']);
    expect(meta).toEqual({ limit: 2, next_cursor: expect.any(String), total: 4 });
    expect(await admin.get(`/accounts?role_id=${newId()}`)).toMatchObject({ status: 200, data: [] });
  });

  it('can be searched by a prefix of email, last name and full name in any case', async () => {
    const role = await idp.make.role();
    const person = (email: string, firstName: string | null, lastName: string | null) =>
      idp.make.account({ roleId: role.id, email: `${email}${unique('')}@example.com`, firstName, lastName });
    await person('zoe', 'Ada', 'Lovelace');
    await person('Adam', 'Charles', 'Babbage');
    await person('grace', 'Grace', 'Adams');
    await person('joan', 'Joan', 'Clarke');
    await person('elodie', 'É\u006C\u006Fdie', null);
    const found = async (q: string) => {
      const { data } = await admin.get(`/accounts?role_id=${role.id}&sort=email&q=${encodeURIComponent(q)}`);
      return data.map(({ email }: Entry) => email.slice(0, 3).toLowerCase());
    };
    expect(await found('ada')).toEqual(['ada', 'gra', 'zoe']);
    expect(await found('ADA')).toEqual(['ada', 'gra', 'zoe']);
    expect(await found('ada love')).toEqual(['zoe']);
    expect(await found('lovel')).toEqual(['zoe']);
    expect(await found('ovel')).toEqual([]);
    expect(await found('E\u0301lo')).toEqual(['elo']);
    for (const nothing of ['%', '_', '\\', "'", "' OR true--", '(']) expect(await found(nothing)).toEqual([]);
  });
});

describe('pages of roles and permissions', () => {
  it.each(['roles', 'permissions'] as const)('%s are sorted by name by default, each once', async (list) => {
    const prefix = unique('walk');
    const suffix = list === 'permissions' ? ':read' : '';
    const names = Array.from({ length: 7 }, (_, index) => `${prefix}-${'dbeacgf'[index]}${suffix}`);
    for (const name of names)
      await (list === 'roles' ? idp.make.role([], { name }) : idp.make.permission({ name }));
    const walked = async (sort: string) =>
      (await walk(`/${list}?q=${prefix.toUpperCase()}${sort}`, 3)).map(({ name }) => name);
    expect(await walked('')).toEqual([...names].sort());
    expect(await walked('&sort=-name')).toEqual([...names].sort().reverse());
    expect(await walked('&sort=created_at')).toEqual(names);
    expect(await walked('&sort=-created_at')).toEqual([...names].reverse());
    const { meta } = await admin.get(`/${list}?q=${prefix}&include_total=true&limit=1`);
    expect(meta.total).toBe(7);
  });

  it('roles can be filtered by parent and contain their permissions', async () => {
    const parent = await idp.make.role(['roles:read']);
    for (const permission of ['users:read', 'accounts:read']) {
      await idp.make.role([permission], { parentId: parent.id });
    }
    const { data } = await admin.get(`/roles?parent_id=${parent.id}&sort=created_at`);
    expect(data).toMatchObject([
      { permissions: [{ name: 'users:read' }], effective_permissions: ['roles:read', 'users:read'] },
      { permissions: [{ name: 'accounts:read' }], effective_permissions: ['accounts:read', 'roles:read'] },
    ]);
  });
});

describe('a list refuses', () => {
  it.each([
    ['accounts', 'limit=0', 'limit'],
    ['accounts', 'limit=101', 'limit'],
    ['accounts', 'limit=-1', 'limit'],
    ['accounts', 'limit=1.5', 'limit'],
    ['accounts', 'limit=', 'limit'],
    ['accounts', 'limit=1&limit=2', 'limit'],
    ['accounts', 'sort=password_hash', 'sort'],
    ['accounts', 'sort=id', 'sort'],
    ['accounts', 'sort=email;SELECT pg_sleep(2)', 'sort'],
    ['accounts', 'sort=--email', 'sort'],
    ['accounts', 'status=deleted', 'status'],
    ['accounts', 'role_id=admin', 'role_id'],
    ['accounts', 'include_total=yes', 'include_total'],
    ['accounts', 'password_hash=x', 'password_hash'],
    ['accounts', 'page=2', 'page'],
    ['accounts', 'q=a%00b', 'q'],
    ['accounts', `q=${'x'.repeat(256)}`, 'q'],
    ['accounts', 'cursor=nonsense', 'cursor'],
    ['roles', 'sort=email', 'sort'],
    ['roles', 'parent_id=x', 'parent_id'],
    ['roles', 'status=active', 'status'],
    ['permissions', 'parent_id=x', 'parent_id'],
  ])('for %s ?%s: 422', async (list, query, field) => {
    const { status, errors } = await admin.get(`/${list}?${query}`);
    expect(status).toBe(422);
    expect(errors.map((error) => error.split(' ')[0])).toEqual([field]);
  });

  it('a cursor of a different sort, filter, search or list', async () => {
    const role = await idp.make.role();
    await accountsOf(role, 2);
    const path = `/accounts?limit=1&role_id=${role.id}`;
    const { meta } = await admin.get(path);
    const others = [
      `${path}&sort=-created_at`,
      `${path}&status=active`,
      `${path}&q=p`,
      '/accounts?limit=1',
      '/roles?sort=created_at',
    ];
    for (const other of others) {
      const answer = await admin.get(`${other}&cursor=${meta.next_cursor}`);
      expect(answer).toMatchObject({ status: 422, errors: ['cursor invalid_cursor'] });
    }
    const longer = path.replace('limit=1', 'limit=5');
    expect((await admin.get(`${longer}&cursor=${meta.next_cursor}`)).status).toBe(200);
  });

  it('a forged cursor', async () => {
    const { meta } = await admin.get('/permissions?limit=1');
    const [print, value] = JSON.parse(Buffer.from(meta.next_cursor ?? '', 'base64url').toString());
    for (const forged of [
      [print, value, 'no id'],
      [print, 'a\0b', newId()],
      [print, 1, newId()],
      [print],
      {},
      null,
    ]) {
      const cursor = Buffer.from(JSON.stringify(forged)).toString('base64url');
      expect((await admin.get(`/permissions?cursor=${cursor}`)).status).toBe(422);
    }
  });
});
