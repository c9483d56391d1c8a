import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import type { Answer, Api } from '../support/api.js';
import {
  type Caller,
  startTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.js';

const PASSWORD = 'securepass123';
const MINUTE = 60_000;

let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
let admin: Caller;
let passwordHash: string;

beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login, bcryptCost: 4, trustProxy: 1 });
  replica = await startTestIdentityProvider({ ...idp.settings, port: 0 });
  passwordHash = await bcrypt.hash(PASSWORD, 4);
  admin = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id });
});
afterAll(async () => {
  await replica?.close();
  await idp?.close();
});

async function signIn({ email }: Account, headers: Record<string, string> = {}): Promise<Api> {
  const response = await fetch(`${idp.api.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { data } = (await response.json()) as { data: { token: string } };
  return idp.api.as(data.token);
}

const isAlive = async (api: Api) =>
  (await replica.api.as(api.token as string).get('/auth/me')).status === 200;

const idOf = async (api: Api): Promise<string> => {
  const { data } = await api.get('/auth/sessions');
  return data.find(({ current }: { current: boolean }) => current).id;
};

const ago = (ms: number) => new Date(Date.now() - ms);

describe('the list of own sessions', () => {
  it('has the live sessions of the account, newest first', async () => {
    const account = await idp.make.account({ passwordHash });
    const older = await idp.make.session(account, { createdAt: ago(MINUTE) });
    await idp.make.session(account, { expiresAt: ago(1) });
    await idp.make.session(await idp.make.account());
    const api = await signIn(account, {
      'user-agent': 'Navigator/1.0',
      'x-forwarded-for': '203.0.113.9:4711',
    });
    const answer = await api.get('/auth/sessions');
    expect([answer.status, answer.meta]).toEqual([200, { limit: 20, next_cursor: null }]);
    const [{ id, created_at, expires_at }] = answer.data;
    expect(answer.data).toEqual([
      {
        id,
        client_id: null,
        created_at,
        last_used_at: created_at,
        expires_at,
        address: '203.0.113.9',
        user_agent: 'Navigator/1.0',
        current: true,
      },
      // As processes of older versions write it.
      {
        id: older.id,
        client_id: null,
        created_at: older.createdAt.toISOString(),
        last_used_at: older.createdAt.toISOString(),
        expires_at: older.expiresAt.toISOString(),
        address: null,
        user_agent: null,
        current: false,
      },
    ]);
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 3_600_000)).toBeLessThan(MINUTE);
  });

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['[2001:db8::0:1]:4711', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['garbage', '127.0.0.1'],
    [`${'198.51.100.1, '.repeat(99)}203.0.113.9:80`, '203.0.113.9'],
  ])('has one normalized address for X-Forwarded-For: %s', async (header, address) => {
    const account = await idp.make.account({ passwordHash });
    const api = await signIn(account, { 'x-forwarded-for': header });
    expect((await api.get('/auth/sessions')).data[0].address).toBe(address);
  });

  it('has at most 512 characters of the user agent', async () => {
    const account = await idp.make.account({ passwordHash });
    const long = await signIn(account, { 'user-agent': 'é'.repeat(2_000) });
    const [session] = (await long.get('/auth/sessions')).data;
    expect(session.user_agent).toHaveLength(512);
    const none = await signIn(account, { 'user-agent': '' });
    expect((await none.get('/auth/sessions')).data[0].user_agent).toBeNull();
  });

  it('is read page by page', async () => {
    const account = await idp.make.account();
    for (let i = 1; i <= 4; i += 1) await idp.make.session(account, { createdAt: ago(i * MINUTE) });
    const api = await idp.sessionOf(account);
    const all = await api.get('/auth/sessions?include_total=true');
    expect(all.meta.total).toBe(5);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { data, meta }: Answer<{ id: string }[]> = await api.get(
        `/auth/sessions?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...data.map(({ id }) => id));
      cursor = meta.next_cursor;
    }
    expect(seen).toEqual(all.data.map(({ id }: { id: string }) => id));
    const { data: times } = all;
    const created = times.map(({ created_at }: { created_at: string }) => created_at);
    expect(created).toEqual([...created].sort().reverse());
  });

  it('refuses a cursor of another account, and unknown parameters', async () => {
    const account = await idp.make.account();
    await idp.make.session(account);
    const api = await idp.sessionOf(account);
    const { meta } = await api.get('/auth/sessions?limit=1');
    const other = (await idp.signIn([])).api;
    for (const [query, error] of [
      [`cursor=${meta.next_cursor}`, 'cursor invalid_cursor'],
      ['sort=created_at', 'sort unknown_parameter'],
      ['limit=0', 'limit out_of_range'],
    ]) {
      const answer = await other.get(`/auth/sessions?${query}`);
      expect([answer.status, answer.errors]).toEqual([422, [error]]);
    }
  });
});

describe('the last use of a session', () => {
  const lastUse = async (api: Api) => Date.parse((await api.get('/auth/sessions')).data[0].last_used_at);
  const versionOf = async ({ id }: Account) => {
    const [row] = await idp.database.query(
      'SELECT xmin::text, last_used_at FROM identity.sessions WHERE account_id = $1',
      [id],
    );
    return row;
  };

  it('is at most a minute old', async () => {
    const account = await idp.make.account();
    const api = await idp.sessionOf(account);
    await idp.database.query('UPDATE identity.sessions SET last_used_at = $2 WHERE account_id = $1', [
      account.id,
      ago(60 * MINUTE),
    ]);
    await api.get('/auth/me');
    await expect
      .poll(async () => Date.now() - (await lastUse(api)), { timeout: 20_000 })
      .toBeLessThan(MINUTE);
  });

  it('is not written at each request', async () => {
    const { account, api } = await idp.signIn([]);
    const before = await versionOf(account);
    await Promise.all(Array.from({ length: 50 }, () => api.get('/auth/me')));
    // A write would come within five seconds.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await versionOf(account)).toEqual(before);
  });

  it('is written when the process stops', async () => {
    const account = await idp.make.account();
    const api = await idp.sessionOf(account);
    await idp.database.query('UPDATE identity.sessions SET created_at = $2 WHERE account_id = $1', [
      account.id,
      ago(60 * MINUTE),
    ]);
    const stopping = await startTestIdentityProvider({ ...idp.settings, port: 0 });
    expect((await stopping.api.as(api.token as string).get('/auth/me')).status).toBe(200);
    expect((await versionOf(account)).last_used_at).toBeNull();
    await stopping.close();
    expect(Date.now() - (await versionOf(account)).last_used_at.getTime()).toBeLessThan(MINUTE);
  });
});

describe('an own session', () => {
  it('can be ended, also the current one, on every replica', async () => {
    const { account, api } = await idp.signIn([]);
    const other = await idp.sessionOf(account);
    expect([await isAlive(api), await isAlive(other)]).toEqual([true, true]);
    expect(await api.delete(`/auth/sessions/${await idOf(other)}`)).toMatchObject({
      status: 200,
      data: null,
    });
    expect([await isAlive(api), await isAlive(other)]).toEqual([true, false]);
    expect((await api.delete(`/auth/sessions/${await idOf(api)}`)).status).toBe(200);
    expect(await isAlive(api)).toBe(false);
  });

  it('of another account looks like one that does not exist', async () => {
    const { api } = await idp.signIn([]);
    const { account, api: victim } = await idp.signIn([]);
    const expired = await idp.make.session(account, { expiresAt: ago(1) });
    const body = ({ status, message, errors }: Awaited<ReturnType<Api['delete']>>) => [
      status,
      message,
      errors,
    ];
    const missing = body(await api.delete('/auth/sessions/0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11'));
    expect(missing).toEqual([404, 'This resource does not exist.', ['- not_found']]);
    expect(body(await api.delete(`/auth/sessions/${await idOf(victim)}`))).toEqual(missing);
    expect(body(await victim.delete(`/auth/sessions/${expired.id}`))).toEqual(missing);
    expect(body(await victim.delete('/auth/sessions/me'))).toEqual(missing);
    expect(await isAlive(victim)).toBe(true);
  });

  it('ends with all others on logout everywhere, and no other account’s', async () => {
    const { account, api } = await idp.signIn([]);
    const other = await idp.sessionOf(account);
    const { api: stranger } = await idp.signIn([]);
    expect(await api.post('/auth/logout-all')).toMatchObject({ status: 200, data: null });
    expect([await isAlive(api), await isAlive(other), await isAlive(stranger)]).toEqual([false, false, true]);
  });
});

describe('an administrator', () => {
  it('lists the sessions of an account', async () => {
    const { account, api } = await idp.signIn([]);
    const own = (await api.get('/auth/sessions')).data;
    const answer = await admin.api.get(`/accounts/${account.id.toUpperCase()}/sessions`);
    expect(answer.data).toEqual([{ ...own[0], current: false }]);
    const { data } = await admin.api.get(`/accounts/${admin.account.id}/sessions`);
    expect(data.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
  });

  it('ends one session of an account, or all', async () => {
    const { account, api } = await idp.signIn([]);
    const [second, third] = [await idp.sessionOf(account), await idp.sessionOf(account)];
    const path = `/accounts/${account.id}/sessions`;
    expect(await admin.api.delete(`${path}/${await idOf(second)}`)).toMatchObject({
      status: 200,
      data: null,
    });
    expect([await isAlive(api), await isAlive(second), await isAlive(third)]).toEqual([true, false, true]);
    expect(await admin.api.delete(path)).toMatchObject({ status: 200, data: null });
    expect([await isAlive(api), await isAlive(third)]).toEqual([false, false]);
    expect((await admin.api.delete(path)).status).toBe(200);
  });

  it('gets 404 for an unknown account, and for a session of another one', async () => {
    const { account, api } = await idp.signIn([]);
    const { account: other } = await idp.signIn([]);
    const missing = '/accounts/0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11/sessions';
    const session = await idOf(api);
    for (const answer of [
      await admin.api.get(missing),
      await admin.api.delete(missing),
      await admin.api.delete(`${missing}/${session}`),
      await admin.api.delete(`/accounts/${other.id}/sessions/${session}`),
      await admin.api.delete(`/accounts/${account.id}/sessions/${other.id}`),
    ]) {
      expect([answer.status, answer.errors]).toEqual([404, ['- not_found']]);
    }
    expect(await isAlive(api)).toBe(true);
  });

  it('does not end sessions of accounts with more permissions', async () => {
    const { api: helper, account: own } = await idp.signIn([
      'sessions:read',
      'sessions:delete',
      'roles:read',
    ]);
    const { account: equal, api: equalApi } = await idp.signIn(['roles:read']);
    const { account: higher, api: higherApi } = await idp.signIn(['accounts:read']);
    const session = await idOf(higherApi);
    for (const path of [`/accounts/${higher.id}/sessions`, `/accounts/${higher.id}/sessions/${session}`]) {
      const answer = await helper.delete(path);
      expect([answer.status, answer.errors]).toEqual([403, ['- exceeds_own_permissions']]);
    }
    expect((await helper.get(`/accounts/${higher.id}/sessions`)).status).toBe(200);
    expect((await helper.delete(`/accounts/${equal.id}/sessions`)).status).toBe(200);
    expect([await isAlive(higherApi), await isAlive(equalApi)]).toEqual([true, false]);
    expect((await helper.delete(`/accounts/${own.id}/sessions`)).status).toBe(200);
    expect(await isAlive(helper)).toBe(false);
  });
});
