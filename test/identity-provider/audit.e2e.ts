import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import type { Api } from '../support/api.js';
import { auditRows, eventsDuring } from '../support/audit.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const PASSWORD = 'correct horse battery';
const LOGIN = { maxFailures: 3, maxFailuresPerAddress: 6, windowSeconds: 900 };

let idp: TestIdentityProvider;
let admin: Api;
let adminId: string;
beforeAll(async () => {
  const sessions = { accessTokenSeconds: 900, refreshTokenSeconds: 86_400, maxSeconds: 90 * 86_400 };
  idp = await startTestIdentityProvider({ login: LOGIN, sessions, trustProxy: 1 });
  const { account, api } = await idp.signIn(['*']);
  [admin, adminId] = [api, account.id];
});
afterAll(() => idp.close());

const during = (work: () => Promise<unknown>) => eventsDuring(idp.database, work);
const email = () => `${unique('ada')}@example.com`;

/** An account with a password, made through the API. */
async function newAccount(given = {}) {
  const role = await idp.make.role();
  const address = email();
  const body = { email: address, password: PASSWORD, role_id: role.id, ...given };
  const { data } = await admin.post('/accounts', body);
  return { id: data.id as string, email: address, role };
}

describe('an event', () => {
  it('says who did what, when and from where', async () => {
    const { account, api } = await idp.signIn(['*']);
    const role = await idp.make.role([], { description: 'Old.' });
    const before = Date.now();
    const { status, headers } = await api.patch(
      `/roles/${role.id}`,
      { description: 'New.' },
      { 'user-agent': 'test/1.0', 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'mine-1' },
    );
    expect([status, headers.get('x-request-id')]).toEqual([200, 'mine-1']);
    const { data } = await admin.get(`/audit-events?target=role:${role.id}`);
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{14}7/),
        at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
        action: 'role.updated',
        outcome: 'success',
        actor: { issuer: 'native', sub: account.id, name: account.email },
        target: { type: 'role', id: role.id },
        client_id: 'twinkey',
        session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        address: '203.0.113.9',
        user_agent: 'test/1.0',
        request_id: 'mine-1',
        details: { before: { description: 'Old.' }, after: { description: 'New.' } },
      },
    ]);
    expect(Date.parse(data[0].at)).toBeGreaterThanOrEqual(before - 1_000);
    const [session] = await idp.database.query('SELECT account_id FROM identity.sessions WHERE id = $1', [
      data[0].session_id,
    ]);
    expect(session.account_id).toBe(account.id);
  });

  it.each([
    ['203.0.113.9:4711', '203.0.113.9'],
    ['[2001:DB8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['unknown', '127.0.0.1'],
    ['<script>', '127.0.0.1'],
    [Array.from({ length: 100 }, (_, n) => `198.51.100.${n}`).join(', '), '198.51.100.99'],
  ])('has one normalized address for X-Forwarded-For: %s', async (forwarded, expected) => {
    const { id } = await idp.make.permission();
    await admin.patch(`/permissions/${id}`, { description: unique('x') }, { 'x-forwarded-for': forwarded });
    expect(await auditRows(idp.database, 'target_id = $1', id)).toMatchObject([{ address: expected }]);
  });

  it('has at most 512 characters of the user agent', async () => {
    const { id } = await idp.make.permission();
    await admin.patch(`/permissions/${id}`, { description: 'x' }, { 'user-agent': 'é'.repeat(600) });
    const [event] = await auditRows(idp.database, 'target_id = $1', id);
    expect(event?.user_agent).toHaveLength(512);
  });
});

describe('accounts:', () => {
  it('creating, changing and deleting one has its fields before and after', async () => {
    const { id, email: address, role } = await newAccount({ first_name: 'Ada' });
    const other = await idp.make.role();
    await admin.patch(`/accounts/${id}`, { first_name: 'Augusta', role_id: other.id, status: 'active' });
    await admin.delete(`/accounts/${id}`);
    const fields = {
      email: address,
      first_name: 'Ada',
      last_name: null,
      status: 'active',
      role: { id: role.id, name: role.name },
    };
    const roleNow = { id: other.id, name: other.name };
    expect(await auditRows(idp.database, 'target_id = $1', id)).toMatchObject([
      { action: 'account.created', actor_sub: adminId, details: { after: fields } },
      {
        action: 'account.updated',
        details: {
          before: { first_name: 'Ada', role: fields.role },
          after: { first_name: 'Augusta', role: roleNow },
        },
      },
      {
        action: 'account.deleted',
        details: { before: { ...fields, first_name: 'Augusta', role: roleNow } },
      },
    ]);
  });

  it('a change of nothing, and a refused one, write nothing', async () => {
    const { id } = await newAccount({ first_name: 'Ada' });
    const { api: weak } = await idp.signIn(['accounts:update']);
    const events = await during(async () => {
      await admin.patch(`/accounts/${id}`, {});
      await admin.patch(`/accounts/${id}`, { first_name: 'Ada' });
      await admin.patch(`/accounts/${adminId}`, { status: 'disabled' });
      await weak.patch(`/accounts/${adminId}`, { first_name: 'Eve' });
      await admin.post('/accounts', { email: 'none' });
    });
    expect(events).toEqual([]);
  });

  it('renaming oneself has only the names that have changed', async () => {
    const { account, api } = await idp.signIn([], { firstName: 'Ada', lastName: 'Byron' });
    await api.patch('/auth/me', { first_name: 'Ada', last_name: 'Lovelace' });
    await api.patch('/auth/me', { last_name: 'Lovelace' });
    await api.patch('/auth/me', { first_name: null });
    expect(await auditRows(idp.database, 'target_id = $1', account.id)).toMatchObject([
      {
        action: 'account.updated',
        actor_sub: account.id,
        details: { before: { last_name: 'Byron' }, after: { last_name: 'Lovelace' } },
      },
      { action: 'account.updated', details: { before: { first_name: 'Ada' }, after: { first_name: null } } },
    ]);
  });

  it('two renames at once have the values that they replaced', async () => {
    const { account, api } = await idp.signIn([], { firstName: 'A' });
    const names = ['B', 'C', 'D', 'E'];
    await Promise.all(names.map((first_name) => api.patch('/auth/me', { first_name })));
    const events = await auditRows(idp.database, 'target_id = $1', account.id);
    const next = new Map(events.map(({ details }) => [details.before.first_name, details.after.first_name]));
    const order: string[] = [];
    for (let name = 'A'; next.has(name); name = order.at(-1) as string) order.push(next.get(name));
    expect(order.toSorted()).toEqual(names);
  });
});

describe('roles and permissions:', () => {
  it('each granted and revoked permission is an event of the role', async () => {
    const [one, two] = [await idp.make.permission(), await idp.make.permission()];
    const role = await idp.make.role([one.name]);
    await admin.post(`/roles/${role.id.toUpperCase()}/permissions`, {
      permission_ids: [one.id, two.id.toUpperCase(), two.id],
    });
    await admin.delete(`/roles/${role.id}/permissions/${one.id}`);
    const permissionOf = ({ id, name }: typeof one) => ({ role: role.name, permission: { id, name } });
    const events = await auditRows(idp.database, 'target_id = $1', role.id);
    expect(events.map(({ action, details }) => [action, details])).toEqual([
      ['role.permission_granted', permissionOf(two)],
      ['role.permission_revoked', permissionOf(one)],
    ]);
  });

  it('creating, changing and deleting them has their fields', async () => {
    const name = unique('role');
    const { data: role } = await admin.post('/roles', { name });
    const parent = await idp.make.role();
    await admin.patch(`/roles/${role.id}`, { parent_id: parent.id });
    await admin.delete(`/roles/${role.id}`);
    const [noParent, withParent] = [{ parent_id: null }, { parent_id: parent.id }];
    expect(await auditRows(idp.database, 'target_id = $1', role.id)).toMatchObject([
      { action: 'role.created', details: { after: { name, description: null, ...noParent } } },
      { action: 'role.updated', details: { before: noParent, after: withParent } },
      { action: 'role.deleted', details: { before: { name, description: null, ...withParent } } },
    ]);
    const [first, second] = [`${unique('thing')}:read`, `${unique('thing')}:read`];
    const { data: permission } = await admin.post('/permissions', { name: first });
    await admin.patch(`/permissions/${permission.id}`, { name: second });
    await admin.delete(`/permissions/${permission.id}`);
    expect(await auditRows(idp.database, 'target_id = $1', permission.id)).toMatchObject([
      { action: 'permission.created', details: { after: { name: first } } },
      { action: 'permission.updated', details: { before: { name: first }, after: { name: second } } },
      { action: 'permission.deleted', details: { before: { name: second } } },
    ]);
  });
});

describe('sessions:', () => {
  const sessionsOf = (accountId: string) =>
    auditRows(idp.database, `action LIKE 'session.%' AND details->>'account_id' = $1`, accountId);

  it('a login starts one, whose actor is the account that signs in', async () => {
    const account = await newAccount();
    const { data } = await idp.api.post('/auth/login', { email: account.email, password: PASSWORD });
    const { sid } = JSON.parse(Buffer.from(data.token.split('.')[1], 'base64url').toString());
    expect(await sessionsOf(account.id)).toMatchObject([
      {
        action: 'session.started',
        outcome: 'success',
        actor_issuer: 'native',
        actor_sub: account.id,
        actor_name: account.email,
        target_type: 'session',
        target_id: sid,
        client_id: 'twinkey',
        session_id: sid,
        address: '127.0.0.1',
        user_agent: 'node',
      },
    ]);
  });

  it('each one that ends is an event with the reason; one that had expired is none', async () => {
    const { account, api } = await idp.signIn([]);
    const [other, expired] = [
      await idp.make.session(account),
      await idp.make.session(account, { expiresAt: new Date(Date.now() - 1_000) }),
    ];
    expect((await api.post('/auth/logout-all')).status).toBe(200);
    const events = await sessionsOf(account.id);
    expect(events.map(({ action, details }) => [action, details.reason])).toEqual([
      ['session.ended', 'logout_all'],
      ['session.ended', 'logout_all'],
    ]);
    const ended = events.map(({ target_id }) => target_id);
    expect(ended).toContain(other.id);
    expect(ended).not.toContain(expired.id);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
  });

  it.each<[string, (api: Api, account: { id: string }) => Promise<unknown>]>([
    ['logout', (api) => api.post('/auth/logout')],
    ['ended_by_administrator', (_, { id }) => admin.delete(`/accounts/${id}/sessions`)],
    ['password_reset', (_, { id }) => admin.patch(`/accounts/${id}`, { password: PASSWORD })],
    ['account_disabled', (_, { id }) => admin.patch(`/accounts/${id}`, { status: 'disabled' })],
    ['account_deleted', (_, { id }) => admin.delete(`/accounts/${id}`)],
  ])('can end with the reason %s', async (reason, end) => {
    const { account, api } = await idp.signIn([]);
    await end(api, account);
    expect(await sessionsOf(account.id)).toMatchObject([{ action: 'session.ended', details: { reason } }]);
  });

  it('a new password ends the others, and a token that is used again its own', async () => {
    const account = await newAccount();
    const issued = async () =>
      (await idp.api.post('/auth/login', { email: account.email, password: PASSWORD })).data;
    const [kept, ended] = [await issued(), await issued()];
    const change = { current_password: PASSWORD, new_password: 'another horse battery' };
    expect((await idp.api.as(kept.token).post('/auth/password', change)).status).toBe(200);
    expect((await idp.api.as(ended.token).get('/auth/me')).status).toBe(401);
    const refresh = (refresh_token: string) => idp.api.post('/auth/refresh', { refresh_token });
    const { data } = await refresh(kept.refreshToken);
    await refresh(data.refreshToken);
    expect((await refresh(kept.refreshToken)).status).toBe(401);
    const events = await sessionsOf(account.id);
    expect(events.map(({ action, outcome, details }) => [action, outcome, details.reason])).toEqual([
      ['session.started', 'success', undefined],
      ['session.started', 'success', undefined],
      ['session.ended', 'success', 'password_changed'],
      ['session.reuse_detected', 'failure', undefined],
      ['session.ended', 'success', 'refresh_token_reused'],
    ]);
    expect(events[3]?.target_id).toBe(events[0]?.target_id);
  });
});

describe('failed logins:', () => {
  let next = 0;
  const address = () => `198.51.100.${++next}`;
  const logIn = (name: string, password: string, from: string) =>
    fetch(`${idp.api.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
      body: JSON.stringify({ email: name, password }),
    });

  it('each counted one is an event, of the account if there is one', async () => {
    const account = await newAccount();
    const stranger = email();
    const from = address();
    const events = await during(async () => {
      await logIn(account.email.toUpperCase(), 'wrong', from);
      await logIn(stranger, 'wrong', from);
    });
    expect(events).toMatchObject([
      {
        action: 'login.failed',
        outcome: 'failure',
        actor_sub: null,
        target_id: account.id,
        address: from,
        details: { email: account.email, attempt: 'login' },
      },
      { action: 'login.failed', target_id: null, details: { email: stranger, attempt: 'login' } },
    ]);
    const { data } = await admin.get(`/audit-events?action=login.failed&limit=1`);
    expect(data).toMatchObject([{ actor: null, target: null }]);
  });

  it('a block is one event, and what it refuses is none', async () => {
    const [name, from] = [email(), address()];
    const events = await during(async () => {
      for (let i = 0; i < 10; i++) await logIn(name, 'wrong', from);
    });
    expect(events.map(({ action }) => action)).toEqual([
      'login.failed',
      'login.failed',
      'login.failed',
      'login.throttled',
    ]);
    expect(events.at(-1)).toMatchObject({
      outcome: 'failure',
      target_id: null,
      address: from,
      details: { counter: 'pair', email: name, blocked_until: expect.stringMatching(/Z$/) },
    });
  });

  it('a blocked address is one event, for any number of emails', async () => {
    const from = address();
    const events = await during(async () => {
      for (let i = 0; i < 15; i++) await logIn(email(), 'wrong', from);
    });
    const eventsOf = (wanted: string) => events.filter(({ action }) => action === wanted);
    expect(eventsOf('login.failed')).toHaveLength(LOGIN.maxFailuresPerAddress);
    expect(eventsOf('login.throttled')).toMatchObject([
      { target_id: null, details: { counter: 'address', blocked_until: expect.any(String) } },
    ]);
  });

  it('a wrong current password is one too', async () => {
    const { account, api } = await idp.signIn([]);
    const events = await during(() =>
      api.post('/auth/password', { current_password: 'wrong', new_password: 'another horse battery' }),
    );
    expect(events).toMatchObject([
      {
        action: 'login.failed',
        actor_sub: account.id,
        target_id: account.id,
        details: { attempt: 'password_change' },
      },
    ]);
  });
});

describe('the list', () => {
  it('requires audit:read', async () => {
    const [reader, other] = [await idp.signIn(['audit:read']), await idp.signIn(['accounts:read'])];
    expect((await reader.api.get('/audit-events')).status).toBe(200);
    expect((await other.api.get('/audit-events')).status).toBe(403);
    expect((await idp.api.get('/audit-events')).status).toBe(401);
  });

  it('is ordered by time, the newest first unless asked otherwise, in pages', async () => {
    const { account, api } = await idp.signIn(['*']);
    const names = Array.from({ length: 7 }, () => unique('role'));
    for (const name of names) await api.post('/roles', { name });
    const namesIn = async (query: string) => {
      const found: string[] = [];
      let cursor = '';
      do {
        const { data, meta } = await admin.get(`/audit-events?actor=${account.id}&limit=3${query}${cursor}`);
        found.push(
          ...data.map(({ details }: { details: { after: { name: string } } }) => details.after.name),
        );
        cursor = meta.next_cursor === null ? '' : `&cursor=${meta.next_cursor}`;
      } while (cursor);
      return found;
    };
    expect(await namesIn('&sort=at')).toEqual(names);
    expect(await namesIn('')).toEqual(names.toReversed());
    expect(await namesIn('&sort=-at')).toEqual(names.toReversed());
    const { meta } = await admin.get(`/audit-events?actor=${account.id}&limit=3&include_total=true`);
    expect(meta).toEqual({ limit: 3, next_cursor: expect.any(String), total: 7 });
    const foreign = `/audit-events?actor=${adminId}&cursor=${meta.next_cursor}`;
    expect((await admin.get(foreign)).errors).toEqual(['cursor invalid_cursor']);
  });

  it('can be filtered by each field', async () => {
    const { account, api } = await idp.signIn(['*']);
    const { data: role } = await api.post('/roles', { name: unique('role') });
    await api.patch(`/roles/${role.id}`, { description: 'x' });
    const [created, updated] = (await admin.get(`/audit-events?target=${role.id}&sort=at`)).data;
    const idsOf = async (query: string) => {
      const { data, status } = await admin.get(`/audit-events?${query}&actor=${account.id}&sort=at`);
      return status === 200 ? data.map(({ id }: { id: string }) => id) : status;
    };
    const both = [created.id, updated.id];
    expect(await idsOf('')).toEqual(both);
    expect(await idsOf('action=role.created')).toEqual([created.id]);
    expect(await idsOf('action=role.created&outcome=success')).toEqual([created.id]);
    expect(await idsOf('action=role.created&outcome=failure')).toEqual([]);
    expect(await idsOf('outcome=success')).toEqual(both);
    expect(await idsOf('outcome=failure')).toEqual([]);
    expect(await idsOf(`target=${role.id.toUpperCase()}`)).toEqual(both);
    expect(await idsOf(`target=role:${role.id}`)).toEqual(both);
    expect(await idsOf(`target=account:${role.id}`)).toEqual([]);
    expect(await idsOf(`from=${created.at}&to=${updated.at}`)).toEqual(
      created.at === updated.at ? [] : [created.id],
    );
    expect(await idsOf(`from=${new Date(Date.parse(updated.at) + 1).toISOString()}`)).toEqual([]);
    expect(await idsOf('from=2000-01-01&to=2100-01-01')).toEqual(both);
    const { data } = await admin.get(`/audit-events?actor=native:${account.id}&sort=at`);
    expect(data.map(({ id }: { id: string }) => id)).toEqual(both);
    expect((await admin.get(`/audit-events?actor=keycloak:${account.id}`)).data).toEqual([]);
  });

  it.each([
    ['action=role.eaten', 'action invalid_choice'],
    ['outcome=maybe', 'outcome invalid_choice'],
    ['sort=action', 'sort invalid_choice'],
    ['from=yesterday', 'from invalid_time'],
    ['to=2026-02-30', 'to invalid_time'],
    ['actor=', 'actor too_short'],
    ['target=a%00b', 'target invalid_characters'],
    ['q=x', 'q unknown_parameter'],
    ['limit=1000', 'limit out_of_range'],
  ])('refuses ?%s', async (query, error) => {
    const { status, errors } = await admin.get(`/audit-events?${query}`);
    expect([status, ...errors]).toEqual([422, error]);
  });

  it('never shows a secret', async () => {
    const first = `first ${newId()}`;
    const second = `second ${newId()}`;
    const third = `third ${newId()}`;
    const account = await newAccount({ password: first });
    const { data: issued } = await idp.api.post('/auth/login', { email: account.email, password: first });
    const own = idp.api.as(issued.token);
    await own.post('/auth/password', { current_password: 'wrong-secret', new_password: second });
    await own.post('/auth/password', { current_password: first, new_password: second });
    await admin.patch(`/accounts/${account.id}`, { password: third });
    await admin.delete(`/accounts/${account.id}`);
    const [{ log }] = await idp.database.query(
      `SELECT string_agg(event::text, E'\\n') AS log FROM identity.audit_events AS event`,
    );
    expect(log).toContain('password.changed');
    expect(log).toContain('password.reset');
    for (const secret of [first, second, third, 'wrong-secret', issued.token, issued.token.split('.')[2]]) {
      expect(log).not.toContain(secret);
    }
    expect(log).not.toMatch(/\$2[aby]\$|password_hash|eyJ/);
  });
});
