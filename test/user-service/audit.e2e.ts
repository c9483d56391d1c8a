import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRows, eventsDuring, whileAuditFails } from '../support/audit.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

let both: BothServices;
/** Without an identity-provider: its tokens are simulated. */
let alone: TestUserService;
beforeAll(async () => {
  both = await startBothServices();
  alone = await startTestUserService();
});
afterAll(async () => {
  await alone?.close();
  await both?.close();
});

const eventsOf = (userId: string) => auditRows(both.service.database, 'target_id = $1', userId);

/** A native user with a profile. */
async function person(permissions: string[] = [], given = {}) {
  const { account, api } = await both.idp.signIn(permissions, given);
  const caller = both.service.api.as(api.token as string);
  const { data } = await caller.get('/users/me');
  return { id: data.id as string, account, api: caller };
}

describe('a profile that is made', () => {
  it('is one event of the user themselves, however many first requests arrive together', async () => {
    const { account, api } = await both.idp.signIn([], { firstName: 'Ada' });
    const caller = both.service.api.as(api.token as string);
    await Promise.all(Array.from({ length: 10 }, () => caller.get('/users/me')));
    const { data } = await caller.get('/users/me');
    expect(await eventsOf(data.id)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{14}7/),
        at: expect.any(Date),
        action: 'user.provisioned',
        outcome: 'success',
        actor_issuer: 'native',
        actor_sub: account.id,
        actor_name: account.email,
        target_type: 'user',
        target_id: data.id,
        client_id: 'twinkey',
        session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        address: '127.0.0.1',
        user_agent: 'node',
        request_id: expect.any(String),
        details: {
          after: {
            issuer: 'native',
            sub: account.id,
            username: account.email,
            email: account.email,
            email_verified: true,
            first_name: 'Ada',
            last_name: null,
          },
        },
      },
    ]);
  });

  it('is not made without its event', async () => {
    const caller = alone.native();
    await whileAuditFails(alone.database, async () => {
      expect((await caller.get('/users/me')).status).toBe(500);
    });
    expect(await alone.database.query('SELECT FROM users.identities')).toEqual([]);
    expect(await alone.database.query('SELECT FROM users.users')).toEqual([]);
    expect((await caller.get('/users/me')).status).toBe(200);
  });
});

describe('a profile that is changed', () => {
  it('by its user has the application’s fields, and of the settings only the size', async () => {
    const { id, api } = await person();
    await api.put('/users/me', { display_name: 'Countess', settings: { theme: 'a secret theme' } });
    await api.put('/users/me', { display_name: 'Countess' });
    await api.put('/users/me/settings', {});
    const [, first, second, ...others] = await eventsOf(id);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ action: 'user.updated' });
    expect(first?.details).toEqual({
      before: { display_name: null, settings: { bytes: 2 } },
      after: { display_name: 'Countess', settings: { bytes: 26 } },
    });
    expect(second?.details).toEqual({
      before: { settings: { bytes: 26 } },
      after: { settings: { bytes: 2 } },
    });
  });

  it('by a rename at the issuer has the names before and after, in both logs', async () => {
    const { id, account, api } = await person([], { firstName: 'Ada', lastName: 'Byron' });
    expect((await api.put('/users/me', { last_name: 'Lovelace' })).status).toBe(200);
    const change = { before: { last_name: 'Byron' }, after: { last_name: 'Lovelace' } };
    expect((await eventsOf(id)).map(({ action, details }) => [action, details]).slice(1)).toEqual([
      ['user.updated', change],
    ]);
    expect(await auditRows(both.idp.database, 'target_id = $1', account.id)).toMatchObject([
      { action: 'account.updated', details: change },
    ]);
  });

  it('by a newer token has what the issuer asserts now; an unchanged one writes nothing', async () => {
    const { account, api } = await both.idp.signIn([], { firstName: 'Ada' });
    const { data } = await both.service.api.as(api.token as string).get('/users/me');
    const later = { iat: Math.floor(Date.now() / 1_000) + 5 };
    const renamed = await both.idp.sessionOf(account, { ...later, given_name: 'Augusta' });
    const same = await both.idp.sessionOf(account, { iat: later.iat + 5, given_name: 'Augusta' });
    for (const { token } of [renamed, same]) {
      expect((await both.service.api.as(token as string).get('/users/me')).status).toBe(200);
    }
    const events = await eventsOf(data.id);
    expect(events.map(({ action }) => action)).toEqual(['user.provisioned', 'user.updated']);
    expect(events[1]?.details).toEqual({ before: { first_name: 'Ada' }, after: { first_name: 'Augusta' } });
  });

  it('by losing its username to another user is an event of both', async () => {
    const username = `${randomUUID()}@example.com`;
    const [first, second] = [
      alone.native({ preferred_username: username, iat: Math.floor(Date.now() / 1_000) - 60 }),
      alone.native({ preferred_username: username }),
    ];
    const { data: loser } = await first.get('/users/me');
    await second.get('/users/me');
    const [, lost] = await auditRows(alone.database, 'target_id = $1', loser.id);
    expect(lost).toMatchObject({
      action: 'user.updated',
      details: { before: { username }, after: { username: null } },
    });
  });
});

describe('the administration of users', () => {
  it('writes each change of a status, and erases no trace of who was deleted', async () => {
    const admin = await person(['*']);
    const { id, account } = await person([], { firstName: 'Ada' });
    const events = await eventsDuring(both.service.database, async () => {
      await admin.api.patch(`/users/${id}`, { status: 'suspended' });
      await admin.api.patch(`/users/${id}`, { status: 'suspended' });
      await admin.api.patch(`/users/${id}`, { status: 'active' });
      await admin.api.delete(`/users/${id}`);
      await admin.api.delete(`/users/${id}`);
    });
    const [issuer, sub] = ['native', account.id];
    expect(events.map(({ action, details }) => [action, details])).toEqual([
      ['user.suspended', { issuer, sub, before: { status: 'active' }, after: { status: 'suspended' } }],
      ['user.reactivated', { issuer, sub, before: { status: 'suspended' }, after: { status: 'active' } }],
      ['user.deleted', { issuer, sub, before: { status: 'active' }, after: { status: 'deleted' } }],
    ]);
    for (const event of events) {
      expect(event).toMatchObject({ actor_sub: admin.account.id, target_type: 'user', target_id: id });
    }
  });

  it('is listed for holders of audit:read on the public port', async () => {
    const [reader, other] = [await person(['audit:read']), await person(['users:read'])];
    const { data, meta, status } = await reader.api.get(`/audit-events?actor=native:${other.account.id}`);
    expect([status, meta]).toEqual([200, { limit: 20, next_cursor: null }]);
    expect(data).toMatchObject([
      {
        action: 'user.provisioned',
        actor: { issuer: 'native', sub: other.account.id, name: other.account.email },
        target: { type: 'user', id: other.id },
      },
    ]);
    expect((await other.api.get('/audit-events')).status).toBe(403);
    expect((await both.service.api.get('/audit-events')).status).toBe(401);
    expect((await both.service.internal.get('/audit-events')).status).toBe(404);
  });
});
