import bcrypt from 'bcrypt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  type Caller,
  startTestIdentityProvider,
  type TestIdentityProvider,
} from '../support/identity-provider.js';

const OLD = 'securepass123';
const NEW = 'another-good-one';
const RESET = 'chosen-by-an-admin';
const ROUNDS = 20;

let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
let admin: Caller;
let passwordHash: string;

beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  // The lowest cost is enough, because this file tests the order of statements.
  idp = await startTestIdentityProvider({ login, bcryptCost: 4 });
  replica = await startTestIdentityProvider({ ...idp.settings, port: 0 });
  passwordHash = await bcrypt.hash(OLD, 4);
  admin = await idp.signIn([], { roleId: (await idp.systemRole('admin')).id });
});
afterAll(async () => {
  await replica?.close();
  await idp?.close();
});

const login = (email: string, password: string, { api } = idp) =>
  api.post('/auth/login', { email, password });

const works = async (token: string) => (await idp.api.as(token).get('/auth/me')).status === 200;

/** Delays the change by up to 4 ms, so that both orders occur. */
const soon = (round: number) => new Promise((resolve) => setTimeout(resolve, round % 5));

it('no login with the old password survives the user’s own password change', {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { account, api } = await idp.signIn([], { passwordHash });
    const [changed, ...logins] = await Promise.all([
      soon(round).then(() => api.post('/auth/password', { current_password: OLD, new_password: NEW })),
      ...[idp, replica, idp, replica].map((one) => login(account.email, OLD, one)),
    ]);
    expect(changed.status).toBe(200);
    for (const { status, data } of logins) {
      expect([200, 401]).toContain(status);
      if (status === 200) expect(await works(data.token)).toBe(false);
    }
    expect((await api.get('/auth/me')).status).toBe(200);
  }
});

it.each([
  ['a reset', { password: RESET }],
  ['disabling', { status: 'disabled' }],
])('no login with the old password survives %s by an admin', { timeout: 60_000 }, async (_, change) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { email, id } = await idp.make.account({ passwordHash });
    const [changed, ...logins] = await Promise.all([
      soon(round).then(() => admin.api.patch(`/accounts/${id}`, change)),
      ...[idp, replica, idp, replica].map((one) => login(email, OLD, one)),
    ]);
    expect(changed.status).toBe(200);
    for (const { status, data } of logins) {
      expect([200, 401, 403]).toContain(status);
      if (status === 200) expect(await works(data.token)).toBe(false);
    }
  }
});

it('an admin’s reset overrides a concurrent own change and ends all sessions', {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { account, api } = await idp.signIn([], { passwordHash });
    const [own, reset] = await Promise.all([
      api.post('/auth/password', { current_password: OLD, new_password: NEW }),
      soon(round).then(() => admin.api.patch(`/accounts/${account.id}`, { password: RESET })),
    ]);
    expect(reset.status).toBe(200);
    // 422: the reset came before the comparison; 401: after it.
    expect([200, 401, 422]).toContain(own.status);
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await login(account.email, RESET)).status).toBe(200);
    expect((await login(account.email, NEW)).status).toBe(401);
  }
});

it('only one of two concurrent own changes succeeds, and only its session remains', {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { account, api } = await idp.signIn([], { passwordHash });
    const other = await idp.sessionOf(account);
    const answers = await Promise.all([
      api.post('/auth/password', { current_password: OLD, new_password: NEW }),
      other.post('/auth/password', { current_password: OLD, new_password: RESET }),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const alive = await Promise.all([api, other].map(async (one) => (await one.get('/auth/me')).status));
    expect(alive).toEqual(statuses.map((status) => (status === 200 ? 200 : 401)));
    const held = statuses[0] === 200 ? NEW : RESET;
    expect((await login(account.email, held)).status).toBe(200);
  }
});

it('a waiting password change has no effect if its session ends', async () => {
  const { account, api } = await idp.signIn([], { passwordHash });
  const waiting = async () => {
    const [{ n }] = await idp.database.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE identity.accounts%'`,
    );
    expect(n).toBe(1);
  };
  let change: ReturnType<typeof api.post> | undefined;
  await idp.database.transaction(async (tx) => {
    await tx.query('SELECT FROM identity.accounts WHERE id = $1 FOR UPDATE', [account.id]);
    change = api.post('/auth/password', { current_password: OLD, new_password: NEW });
    await vi.waitFor(waiting, { timeout: 5_000, interval: 10 });
    await tx.query('DELETE FROM identity.sessions WHERE account_id = $1', [account.id]);
  });
  expect((await change)?.status).toBe(401);
  expect((await login(account.email, OLD)).status).toBe(200);
});
