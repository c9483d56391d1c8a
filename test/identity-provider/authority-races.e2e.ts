import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../support/api.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const ROUNDS = 20;

let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
let here: Api;
let there: Api;
beforeAll(async () => {
  idp = await startTestIdentityProvider();
  replica = await startTestIdentityProvider({ databaseUrl: idp.settings.databaseUrl });
  ({ api: here } = await idp.signIn(['*']));
  there = replica.api.as(here.token ?? '');
});
afterAll(async () => {
  await replica.close();
  await idp.close();
});

const statusesOf = (answers: { status: number }[]) => answers.map(({ status }) => status).sort();

describe('concurrent changes on two replicas', () => {
  it('A below B and B below A: one is refused as a cycle', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = await Promise.all([idp.make.role(), idp.make.role()]);
      const answers = await Promise.all([
        here.patch(`/roles/${a.id}`, { parent_id: b.id }),
        there.patch(`/roles/${b.id}`, { parent_id: a.id }),
      ]);
      expect(statusesOf(answers)).toEqual([200, 422]);
      expect(answers.flatMap(({ errors }) => errors)).toEqual(['parent_id cycle']);
    }
  });

  it('a role is deleted and assigned to an account: one is refused', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [role, account] = await Promise.all([idp.make.role(), idp.make.account()]);
      const [deleted, given] = await Promise.all([
        here.delete(`/roles/${role.id}`),
        there.patch(`/accounts/${account.id}`, { role_id: role.id }),
      ]);
      expect([
        [200, 422],
        [409, 200],
      ]).toContainEqual([deleted.status, given.status]);
    }
  });

  it('a role is deleted and becomes a parent: one is refused', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [role, child] = await Promise.all([idp.make.role(), idp.make.role()]);
      const [deleted, moved] = await Promise.all([
        here.delete(`/roles/${role.id}`),
        there.patch(`/roles/${child.id}`, { parent_id: role.id }),
      ]);
      expect([
        [200, 422],
        [409, 200],
      ]).toContainEqual([deleted.status, moved.status]);
    }
  });

  it('a permission is deleted and granted to a role: one is refused', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [role, permission] = await Promise.all([idp.make.role(), idp.make.permission()]);
      const [deleted, granted] = await Promise.all([
        here.delete(`/permissions/${permission.id}`),
        there.post(`/roles/${role.id}/permissions`, { permission_ids: [permission.id] }),
      ]);
      expect([
        [200, 422],
        [409, 200],
      ]).toContainEqual([deleted.status, granted.status]);
    }
  });

  it('many roles or permissions with one name: one is created', async () => {
    const name = unique('name');
    const create = (api: Api, index: number) =>
      Promise.all([
        api.post('/roles', { name: index % 3 ? name : name.toUpperCase() }),
        api.post('/permissions', { name: `${name}:${index % 3 ? 'read' : 'READ'}` }),
      ]);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => create(index % 2 ? here : there, index)),
    );
    for (const kind of [0, 1] as const) {
      const statuses = statusesOf(answers.map((pair) => pair[kind]));
      expect(statuses).toEqual([201, ...Array(9).fill(409)]);
    }
  });

  it('many writes with one ETag: one succeeds', async () => {
    const role = await idp.make.role();
    const path = `/roles/${role.id}`;
    const tag = (await here.get(path)).headers.get('etag') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? here : there).patch(path, { description: `${index}` }, { 'if-match': tag }),
      ),
    );
    expect(statusesOf(answers)).toEqual([200, ...Array(9).fill(412)]);
  });

  it('of different fields of one account: both are kept', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { account, api } = await idp.signIn([]);
      await Promise.all([
        api.patch('/auth/me', { first_name: 'Ada' }),
        there.patch(`/accounts/${account.id}`, { last_name: 'Lovelace' }),
      ]);
      expect((await here.get(`/accounts/${account.id}`)).data).toMatchObject({
        first_name: 'Ada',
        last_name: 'Lovelace',
      });
    }
  });

  it('a hundred changes do not slow down reads, and none hangs', async () => {
    const role = await idp.make.role();
    const started = performance.now();
    const writes = Promise.all(
      Array.from({ length: 100 }, (_, index) => here.patch(`/roles/${role.id}`, { description: `${index}` })),
    );
    const read = await here.get(`/roles/${role.id}`);
    expect(read.status).toBe(200);
    const answers = await writes;
    expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
    for (const { status, headers } of answers) {
      if (status === 503) expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
  });
});

describe('a lock that is held', () => {
  it('makes changes answer 503 in bounded time, allows reads, and has no effect after its release', async () => {
    const holder = idp.database.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT FROM identity.authority FOR UPDATE');
    const started = performance.now();
    const [refused, read] = await Promise.all([
      here.post('/roles', { name: unique('role') }),
      here.get('/roles'),
    ]);
    expect(performance.now() - started).toBeLessThan(2_500);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(read.status).toBe(200);
    await holder.rollbackTransaction();
    await holder.release();
    expect((await here.post('/roles', { name: unique('role') })).status).toBe(201);
  });
});
