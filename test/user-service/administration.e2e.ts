import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { User } from '#libs/database/users/user.entity.js';
import type { Answer, Api } from '../support/api.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

let both: BothServices;
let replica: TestUserService;
beforeAll(async () => {
  both = await startBothServices();
  const { databaseUrl, native, identityProviderUrl } = both.service.settings;
  replica = await startTestUserService({ databaseUrl, native, identityProviderUrl });
});
afterAll(async () => {
  await replica?.close();
  await both?.close();
});
// So that no administrator of one test counts in the next.
afterEach(() => both.service.database.query(`UPDATE users.users SET status = 'suspended'`));

interface Person {
  id: string;
  accountId: string;
  api: Api;
  /** By the other replica. */
  there: Api;
}

/** A native user with a profile. */
async function person(permissions: string[], given = {}): Promise<Person> {
  const { account, api } = await both.idp.signIn(permissions, given);
  const caller = both.service.api.as(api.token as string);
  const { data } = await caller.get('/users/me');
  return { id: data.id, accountId: account.id, api: caller, there: replica.api.as(api.token as string) };
}

const statusOf = async ({ id }: Person) =>
  (await both.service.database.manager.findOneByOrFail(User, { id })).status;
const suspend = (api: Api, { id }: Person) => api.patch(`/users/${id}`, { status: 'suspended' });
const outcomeOf = ({ status, errors }: Answer<unknown>) => [status, ...errors];
const EXCEEDS = [403, '- exceeds_own_permissions'];

describe('support, with only users:update and users:delete,', () => {
  it('cannot suspend, delete or reactivate an administrator', async () => {
    const [support, admin] = await Promise.all([person(['users:update', 'users:delete']), person(['*'])]);
    expect(outcomeOf(await suspend(support.api, admin))).toEqual(EXCEEDS);
    expect(outcomeOf(await support.api.delete(`/users/${admin.id}`))).toEqual(EXCEEDS);
    expect(await statusOf(admin)).toBe('active');
    await both.service.database.manager.update(User, { id: admin.id }, { status: 'suspended' });
    expect(outcomeOf(await support.api.patch(`/users/${admin.id}`, { status: 'active' }))).toEqual(EXCEEDS);
    expect(await statusOf(admin)).toBe('suspended');
  });

  it('cannot change a user with one permission that support does not have', async () => {
    const [support, auditor] = await Promise.all([
      person(['users:update', 'users:delete']),
      person(['roles:read']),
    ]);
    expect(outcomeOf(await suspend(support.api, auditor))).toEqual(EXCEEDS);
    expect(outcomeOf(await support.api.delete(`/users/${auditor.id}`))).toEqual(EXCEEDS);
    expect(await statusOf(auditor)).toBe('active');
  });

  it('cannot change users of an issuer that is not configured, since their rights are unknown', async () => {
    const support = await person(['users:update', 'users:delete']);
    const [id, sub] = [randomUUID(), randomUUID()];
    await both.service.database.query('INSERT INTO users.users (id) VALUES ($1)', [id]);
    await both.service.database.query(
      `INSERT INTO users.identities (issuer, sub, user_id, told_at) VALUES ('elsewhere', $2, $1, now())`,
      [id, sub],
    );
    expect(outcomeOf(await support.api.patch(`/users/${id}`, { status: 'suspended' }))).toEqual(EXCEEDS);
    expect(outcomeOf(await support.api.delete(`/users/${id}`))).toEqual(EXCEEDS);
    const admin = await person(['*']);
    expect((await admin.api.patch(`/users/${id}`, { status: 'suspended' })).status).toBe(200);
  });

  it('can change users with the same permissions or fewer', async () => {
    const [support, colleague, customer] = await Promise.all([
      person(['users:update', 'users:delete']),
      person(['users:update', 'users:delete']),
      person([]),
    ]);
    expect((await suspend(support.api, colleague)).status).toBe(200);
    expect((await support.api.patch(`/users/${colleague.id}`, { status: 'active' })).data.status).toBe(
      'active',
    );
    expect((await support.api.delete(`/users/${customer.id}`)).status).toBe(200);
    expect([await statusOf(colleague), await statusOf(customer)]).toEqual(['active', 'deleted']);
  });

  it.each([
    ['users:update', 'PATCH'],
    ['users:delete', 'DELETE'],
  ])('with %s alone as well (%s)', async (permission, method) => {
    const [support, admin, customer] = await Promise.all([person([permission]), person(['*']), person([])]);
    const act = (target: Person) =>
      method === 'PATCH' ? suspend(support.api, target) : support.api.delete(`/users/${target.id}`);
    expect(outcomeOf(await act(admin))).toEqual(EXCEEDS);
    expect((await act(customer)).status).toBe(200);
  });

  it('is compared with the role that a user has now, not with the claims of a token', async () => {
    const [support, customer] = await Promise.all([person(['users:update']), person([])]);
    const { api: root } = await both.idp.signIn(['*']);
    const [admin, user] = await Promise.all([both.idp.systemRole('admin'), both.idp.systemRole('user')]);
    await root.patch(`/accounts/${customer.accountId}`, { role_id: admin.id });
    expect(outcomeOf(await suspend(support.api, customer))).toEqual(EXCEEDS);
    await root.patch(`/accounts/${customer.accountId}`, { role_id: user.id });
    expect((await suspend(support.api, customer)).status).toBe(200);
  });

  it('cannot change an administrator whose account is disabled, but can once the account is deleted', async () => {
    const [support, admin] = await Promise.all([person(['users:delete']), person(['*'])]);
    const { api: root } = await both.idp.signIn(['*']);
    await root.patch(`/accounts/${admin.accountId}`, { status: 'disabled' });
    expect(outcomeOf(await support.api.delete(`/users/${admin.id}`))).toEqual(EXCEEDS);
    await root.delete(`/accounts/${admin.accountId}`);
    expect((await support.api.delete(`/users/${admin.id}`)).status).toBe(200);
  });

  it('gets 403 for missing rights before 412 for an old tag, and 412 before 409', async () => {
    const [support, admin] = await Promise.all([person(['users:update']), person(['*'])]);
    const stale = { 'if-match': '"77"' };
    const body = { status: 'suspended' };
    expect(outcomeOf(await support.api.patch(`/users/${admin.id}`, body, stale))).toEqual(EXCEEDS);
    expect((await admin.api.patch(`/users/${admin.id}`, body, stale)).status).toBe(412);
    expect(outcomeOf(await suspend(admin.api, admin))).toEqual([409, '- own_user']);
  });
});

describe('an administrator', () => {
  it('can suspend and delete other administrators', async () => {
    const [one, two, three] = await Promise.all([person(['*']), person(['*']), person(['*'])]);
    expect((await suspend(one.api, two)).status).toBe(200);
    expect((await one.api.delete(`/users/${three.id}`)).status).toBe(200);
    expect((await one.api.patch(`/users/${two.id}`, { status: 'active' })).status).toBe(200);
  });
});

/** Sends requests that all wait for the lock before the first of them gets it. */
async function atOnce(count: number, send: () => Promise<Answer<unknown>>[]): Promise<Answer<unknown>[]> {
  const holder = both.service.database.createQueryRunner();
  await holder.startTransaction();
  try {
    await holder.query('SELECT FROM users.administration FOR UPDATE');
    const answers = Promise.all(send());
    for (;;) {
      const [{ waiting }] = await both.service.database.query(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (waiting === count) break;
      await sleep(5);
    }
    await holder.commitTransaction();
    return await answers;
  } finally {
    await holder.release();
  }
}

const byStatus = (answers: Answer<unknown>[]) => answers.map(outcomeOf).sort();

describe('two administrators at once, on two replicas', () => {
  const act = {
    suspend,
    delete: (api: Api, { id }: Person) => api.delete(`/users/${id}`),
  };

  it.each([
    ['suspend', 'suspend'],
    ['delete', 'delete'],
    ['suspend', 'delete'],
  ] as const)('who are the last, %s and %s each other: one of them stays', async (first, second) => {
    const [one, two] = await Promise.all([person(['*']), person(['*'])]);
    const answers = await atOnce(2, () => [act[first](one.api, two), act[second](two.there, one)]);
    expect(byStatus(answers).map(([status]) => status)).toEqual([200, 409]);
    expect(answers.flatMap(({ errors }) => errors)).toEqual(['- last_admin']);
    const states = [await statusOf(one), await statusOf(two)];
    expect(states.filter((status) => status === 'active')).toHaveLength(1);
  });

  it('with a third one: the suspended one cannot suspend anybody', async () => {
    const [one, two] = await Promise.all([person(['*']), person(['*']), person(['*'])]);
    const answers = await atOnce(2, () => [suspend(one.api, two), suspend(two.there, one)]);
    expect(byStatus(answers)).toEqual([[200], [403, '- user_suspended']]);
  });

  it('with a third one whose account is disabled: that one does not count', async () => {
    const [one, two] = await Promise.all([person(['*']), person(['*'])]);
    const off = await person(['*']);
    const { api: root } = await both.idp.signIn(['*']);
    await root.patch(`/accounts/${off.accountId}`, { status: 'disabled' });
    const answers = await atOnce(2, () => [suspend(one.api, two), suspend(two.there, one)]);
    expect(byStatus(answers)).toEqual([[200], [409, '- last_admin']]);
  });

  it('in many rounds without a pause: one is active after each round', { timeout: 60_000 }, async () => {
    for (let round = 0; round < 10; round++) {
      const [one, two] = await Promise.all([person(['*']), person(['*'])]);
      await Promise.all([
        suspend(one.api, two),
        suspend(two.there, one),
        suspend(one.there, two),
        suspend(two.api, one),
      ]);
      const states = [await statusOf(one), await statusOf(two)];
      expect(states.filter((status) => status === 'active')).toHaveLength(1);
      await both.service.database.query(`UPDATE users.users SET status = 'suspended'`);
    }
  });
});

it('two users who are not administrators suspend each other at once: one of them succeeds', async () => {
  const [one, two] = await Promise.all([person(['users:update']), person(['users:update'])]);
  const answers = await atOnce(2, () => [suspend(one.api, two), suspend(two.there, one)]);
  expect(byStatus(answers)).toEqual([[200], [403, '- user_suspended']]);
});

describe('a lock that is not released', () => {
  it('makes changes 503 in bounded time, does not affect other requests, and changes work again afterwards', async () => {
    const [admin, customer] = await Promise.all([person(['*']), person([])]);
    const holder = both.service.database.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT FROM users.administration FOR UPDATE');
    const [refused, own] = await Promise.all([
      suspend(admin.api, customer),
      customer.api.put('/users/me', { display_name: 'X' }),
    ]);
    expect([refused.status, own.status]).toEqual([503, 200]);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    await holder.rollbackTransaction();
    await holder.release();
    expect(await statusOf(customer)).toBe('active');
    expect((await suspend(admin.api, customer)).status).toBe(200);
  });
});
