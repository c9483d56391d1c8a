import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPIRING_TABLES } from '#apps/identity-provider/src/expired-rows/expired-rows.service.js';
import { deleteExpired } from '#libs/background/expired-rows.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import type { Api } from '../support/api.js';
import {
  type Caller,
  startTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.js';

const PASSWORD = 'securepass123';
const OTHER = 'another-good-one';

let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
let admin: Caller;
let passwordHash: string;

beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login });
  replica = await startTestIdentityProvider({ ...idp.settings, port: 0 });
  passwordHash = await bcrypt.hash(PASSWORD, idp.settings.bcryptCost);
  admin = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id, passwordHash });
});
afterAll(async () => {
  await replica?.close();
  await idp?.close();
});

/** A user with two sessions that both replicas have seen. */
async function person(permissions: string[] = []) {
  const { account, api } = await idp.signIn(permissions, { passwordHash });
  const other = await idp.sessionOf(account);
  expect(await statuses(api, other)).toEqual([200, 200, 200, 200]);
  return { account, api, other };
}

const onReplica = (api: Api) => replica.api.as(api.token as string);

/** The statuses of each session at both replicas, requested at once. */
const statuses = (...sessions: Api[]) =>
  Promise.all(
    sessions.flatMap((api) => [api, onReplica(api)]).map(async (api) => (await api.get('/auth/me')).status),
  );

describe('a session', () => {
  it('ends on logout on every replica, and the others continue', async () => {
    const { api, other } = await person();
    expect(await api.post('/auth/logout')).toMatchObject({ status: 200, data: null });
    expect(await statuses(api, other)).toEqual([401, 401, 200, 200]);
    const again = await api.post('/auth/logout');
    expect([again.status, again.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
  });

  it('continues when the user changes their own password, and the others end', async () => {
    const { api, other } = await person();
    const change = { current_password: PASSWORD, new_password: OTHER };
    expect((await api.post('/auth/password', change)).status).toBe(200);
    expect(await statuses(api, other)).toEqual([200, 200, 401, 401]);
  });

  it('continues after a wrong current password', async () => {
    const { api, other } = await person();
    await api.post('/auth/password', { current_password: OTHER, new_password: OTHER });
    expect(await statuses(api, other)).toEqual([200, 200, 200, 200]);
  });

  it.each([
    ['a reset by an admin', (id: string) => admin.api.patch(`/accounts/${id}`, { password: OTHER })],
    ['disabling', (id: string) => admin.api.patch(`/accounts/${id}`, { status: 'disabled' })],
    ['deleting', (id: string) => admin.api.delete(`/accounts/${id}`)],
  ])('ends with all others on %s', async (_, act) => {
    const { account, api, other } = await person();
    expect((await act(account.id)).status).toBe(200);
    expect(await statuses(api, other)).toEqual([401, 401, 401, 401]);
  });

  it('does not return when the account is enabled again', async () => {
    const { account, api, other } = await person();
    await admin.api.patch(`/accounts/${account.id}`, { status: 'disabled' });
    await admin.api.patch(`/accounts/${account.id}`, { status: 'active' });
    expect(await statuses(api, other)).toEqual([401, 401, 401, 401]);
    expect((await idp.api.post('/auth/login', { email: account.email, password: PASSWORD })).status).toBe(
      200,
    );
  });

  it('continues when an admin changes name or email, and shows the change', async () => {
    const { account, api } = await person();
    const email = `new-${account.email}`;
    await admin.api.patch(`/accounts/${account.id}`, { first_name: 'Ada', email });
    expect((await onReplica(api).get('/auth/me')).data).toMatchObject({
      first_name: 'Ada',
      email,
      username: email,
    });
  });

  it('ends when its row is deleted, regardless of the token', async () => {
    const { account } = await person();
    const expired = await idp.make.session(account, { expiresAt: new Date(Date.now() - 1) });
    const api = await idp.sessionOf(account);
    expect((await api.get('/auth/me')).status).toBe(200);
    await idp.database.query('UPDATE identity.sessions SET expires_at = $1 WHERE account_id = $2', [
      expired.expiresAt,
      account.id,
    ]);
    expect(await statuses(api)).toEqual([401, 401]);
  });

  it('is deleted in the background once it has expired', async () => {
    const { account } = await person();
    await idp.make.session(account, { expiresAt: new Date(Date.now() - 1) });
    const count = async () =>
      (
        await idp.database.query('SELECT count(*)::int AS n FROM identity.sessions WHERE account_id = $1', [
          account.id,
        ])
      )[0].n;
    expect(await count()).toBe(3);
    await deleteExpired(idp.database, EXPIRING_TABLES['expired-sessions']);
    expect(await count()).toBe(2);
  });
});

describe('a change of rights applies to the next request on every replica', () => {
  const reads = (api: Api) =>
    Promise.all([api, onReplica(api)].map(async (one) => (await one.get('/accounts')).status));

  it('of the account’s role', async () => {
    const { account, api } = await person(['accounts:read']);
    expect(await reads(api)).toEqual([200, 200]);
    const user = await idp.systemRole('user');
    await admin.api.patch(`/accounts/${account.id}`, { role_id: user.id });
    expect(await reads(api)).toEqual([403, 403]);
    expect((await onReplica(api).get('/auth/me')).data).toMatchObject({ roles: ['user'], permissions: [] });
    await admin.api.patch(`/accounts/${account.id}`, { role_id: account.roleId });
    expect(await reads(api)).toEqual([200, 200]);
  });

  it("of the role's permissions", async () => {
    const { account, api } = await person(['accounts:read']);
    const { data: role } = await admin.api.get(`/roles/${account.roleId}`);
    await admin.api.delete(`/roles/${role.id}/permissions/${role.permissions[0].id}`);
    expect(await reads(api)).toEqual([403, 403]);
    await admin.api.post(`/roles/${role.id}/permissions`, { permission_ids: [role.permissions[0].id] });
    expect(await reads(api)).toEqual([200, 200]);
  });

  it("of the role's parent", async () => {
    const parent = await idp.make.role(['accounts:read']);
    const child = await idp.make.role([], { parentId: parent.id });
    const { api } = await idp.signIn([], { roleId: child.id });
    expect(await reads(api)).toEqual([200, 200]);
    await admin.api.patch(`/roles/${child.id}`, { parent_id: null });
    expect(await reads(api)).toEqual([403, 403]);
  });

  it("regardless of the token's claims", async () => {
    const role = await idp.make.role(['accounts:read']);
    const account: Account = await idp.make.account({ roleId: role.id, passwordHash });
    const { data } = await idp.api.post('/auth/login', { email: account.email, password: PASSWORD });
    const api = idp.api.as(data.token);
    expect(await reads(api)).toEqual([200, 200]);
    await admin.api.patch(`/accounts/${account.id}`, { role_id: (await idp.systemRole('user')).id });
    expect(await reads(api)).toEqual([403, 403]);
  });
});

describe('resources of others', () => {
  it('look the same to callers without permission, existing or not', async () => {
    const { account: other } = await idp.signIn([]);
    const { api } = await idp.signIn([]);
    const missing = '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11';
    for (const act of [
      (id: string) => api.get(`/accounts/${id}`),
      (id: string) => api.patch(`/accounts/${id}`, { status: 'disabled' }),
      (id: string) => api.delete(`/accounts/${id}`),
      (id: string) => api.get(`/roles/${id}`),
    ]) {
      const answers = [await act(other.id), await act(missing)].map(({ status, message, errors }) => ({
        status,
        message,
        errors,
      }));
      expect(answers[0]).toMatchObject({ status: 403, errors: ['- forbidden'] });
      expect(answers[1]).toEqual(answers[0]);
    }
  });
});
