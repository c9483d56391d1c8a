import bcrypt from 'bcrypt';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeclaredRoute } from '#libs/auth/declared-access.js';
import type { Answer, Api } from '../support/api.js';
import { auditRows, eventsDuring, whileAuditFails } from '../support/audit.js';
import { unique } from '../support/factories.js';
import { SoftwarePasskey } from '../support/software-passkey.js';
import { enrolTotp, totpCode } from '../support/totp-app.js';
import { type AppsUnderTest, startAppsUnderTest } from './apps-under-test.js';

const PASSWORD = 'correct horse battery';

let apps: AppsUnderTest;
let admin: Api;
beforeAll(async () => {
  apps = await startAppsUnderTest();
  ({ api: admin } = await apps.idp.signIn(['*']));
});
afterAll(() => apps?.close());

/** A request that succeeds, and changes something. */
interface GoodRequest {
  api: Api;
  path: string;
  body?: unknown;
}

const email = () => `${unique('ada')}@example.com`;
const accountWithPassword = async () =>
  apps.idp.make.account({ passwordHash: await bcrypt.hash(PASSWORD, 10) });
const own = async (path: string, body?: unknown): Promise<GoodRequest> => ({
  api: await apps.idp.sessionOf(await accountWithPassword()),
  path,
  body,
});
const person = async () => {
  const api = apps.service.api.as((await apps.idp.signIn([])).api.token as string);
  return { api, id: (await api.get('/users/me')).data.id };
};
/** Of a confidential client. */
const clientId = async (): Promise<string> => {
  const body = { name: 'Job', type: 'confidential', grant_types: ['client_credentials'] };
  return (await admin.post('/clients', body)).data.client_id;
};
const userAdmin = async () => {
  const api = apps.service.api.as(admin.token as string);
  await api.get('/users/me');
  return api;
};

const IDENTITY_PROVIDER: Record<string, () => Promise<GoodRequest>> = {
  'POST /api/v1/auth/login': async () => {
    const account = await accountWithPassword();
    return { api: apps.idp.api, path: '/auth/login', body: { email: account.email, password: PASSWORD } };
  },
  'POST /api/v1/auth/register': async () => ({
    api: apps.idp.api,
    path: '/auth/register',
    body: { email: email(), password: PASSWORD },
  }),
  'POST /api/v1/auth/verify-email': async () => {
    const token = await apps.idp.make.link(
      await apps.idp.make.account({ emailVerified: false }),
      'verify_email',
    );
    return { api: apps.idp.api, path: '/auth/verify-email', body: { token } };
  },
  'POST /api/v1/auth/forgot-password': async () => ({
    api: apps.idp.api,
    path: '/auth/forgot-password',
    body: { email: (await accountWithPassword()).email },
  }),
  'POST /api/v1/auth/reset-password': async () => {
    const token = await apps.idp.make.link(await apps.idp.make.account(), 'reset_password');
    return { api: apps.idp.api, path: '/auth/reset-password', body: { token, new_password: PASSWORD } };
  },
  'POST /api/v1/auth/undo-email': async () => {
    const { id } = await apps.idp.make.account();
    const token = await apps.idp.make.link({ id, email: email() }, 'undo_email');
    return { api: apps.idp.api, path: '/auth/undo-email', body: { token } };
  },
  'POST /api/v1/auth/email': () => own('/auth/email', { email: email(), current_password: PASSWORD }),
  'POST /api/v1/accounts/:id/invite': async () => ({
    api: admin,
    path: `/accounts/${(await apps.idp.make.account()).id}/invite`,
  }),
  'POST /api/v1/auth/logout': () => own('/auth/logout'),
  'POST /api/v1/auth/logout-all': () => own('/auth/logout-all'),
  'DELETE /api/v1/auth/sessions/:id': async () => {
    const account = await accountWithPassword();
    const { id } = await apps.idp.make.session(account);
    return { api: await apps.idp.sessionOf(account), path: `/auth/sessions/${id}` };
  },
  'POST /api/v1/auth/factors/totp/confirm': async () => {
    const api = await apps.idp.sessionOf(await accountWithPassword());
    const { data } = await api.post('/auth/factors/totp', {});
    return { api, path: '/auth/factors/totp/confirm', body: { id: data.id, code: totpCode(data.secret) } };
  },
  'POST /api/v1/auth/factors/recovery-codes': async () => {
    const api = await apps.idp.sessionOf(await accountWithPassword());
    await enrolTotp(api);
    return { api, path: '/auth/factors/recovery-codes', body: {} };
  },
  'DELETE /api/v1/auth/factors/:id': async () => {
    const api = await apps.idp.sessionOf(await accountWithPassword());
    return { api, path: `/auth/factors/${(await enrolTotp(api)).id}` };
  },
  'DELETE /api/v1/accounts/:id/factors': async () => {
    const account = await accountWithPassword();
    await enrolTotp(await apps.idp.sessionOf(account));
    return { api: admin, path: `/accounts/${account.id}/factors` };
  },
  'PATCH /api/v1/auth/me': () => own('/auth/me', { first_name: 'Ada' }),
  'POST /api/v1/auth/password': () =>
    own('/auth/password', { current_password: PASSWORD, new_password: 'another horse battery' }),
  'POST /api/v1/accounts': async () => {
    const { id } = await apps.idp.make.role();
    return { api: admin, path: '/accounts', body: { email: email(), password: PASSWORD, role_id: id } };
  },
  'PATCH /api/v1/accounts/:id': async () => {
    const { id } = await apps.idp.make.account();
    return { api: admin, path: `/accounts/${id}`, body: { status: 'disabled' } };
  },
  'DELETE /api/v1/accounts/:id': async () => ({
    api: admin,
    path: `/accounts/${(await apps.idp.make.account()).id}`,
  }),
  'DELETE /api/v1/accounts/:id/sessions': async () => {
    const account = await apps.idp.make.account();
    await apps.idp.make.session(account);
    return { api: admin, path: `/accounts/${account.id}/sessions` };
  },
  'DELETE /api/v1/accounts/:id/sessions/:session_id': async () => {
    const account = await apps.idp.make.account();
    const { id } = await apps.idp.make.session(account);
    return { api: admin, path: `/accounts/${account.id}/sessions/${id}` };
  },
  'POST /api/v1/clients': async () => ({
    api: admin,
    path: '/clients',
    body: { name: 'Shop', type: 'public', redirect_uris: ['https://shop.example.com/callback'] },
  }),
  'PATCH /api/v1/clients/:client_id': async () => ({
    api: admin,
    path: `/clients/${await clientId()}`,
    body: { status: 'disabled' },
  }),
  'DELETE /api/v1/clients/:client_id': async () => ({ api: admin, path: `/clients/${await clientId()}` }),
  'POST /api/v1/clients/:client_id/secret': async () => ({
    api: admin,
    path: `/clients/${await clientId()}/secret`,
  }),
  'POST /api/v1/permissions': async () => ({
    api: admin,
    path: '/permissions',
    body: { name: `${unique('thing')}:read` },
  }),
  'PATCH /api/v1/permissions/:id': async () => {
    const { id } = await apps.idp.make.permission();
    return { api: admin, path: `/permissions/${id}`, body: { description: 'Another one.' } };
  },
  'DELETE /api/v1/permissions/:id': async () => ({
    api: admin,
    path: `/permissions/${(await apps.idp.make.permission()).id}`,
  }),
  'POST /api/v1/roles': async () => ({ api: admin, path: '/roles', body: { name: unique('role') } }),
  'PATCH /api/v1/roles/:id': async () => {
    const { id } = await apps.idp.make.role();
    return { api: admin, path: `/roles/${id}`, body: { name: unique('role') } };
  },
  'DELETE /api/v1/roles/:id': async () => ({
    api: admin,
    path: `/roles/${(await apps.idp.make.role()).id}`,
  }),
  'POST /api/v1/roles/:id/permissions': async () => {
    const { id } = await apps.idp.make.permission();
    const role = await apps.idp.make.role();
    return { api: admin, path: `/roles/${role.id}/permissions`, body: { permission_ids: [id] } };
  },
  'DELETE /api/v1/roles/:id/permissions/:permission_id': async () => {
    const permission = await apps.idp.make.permission();
    const role = await apps.idp.make.role([permission.name]);
    return { api: admin, path: `/roles/${role.id}/permissions/${permission.id}` };
  },
};

const USER_SERVICE: Record<string, () => Promise<GoodRequest>> = {
  'PUT /users/me': async () => {
    const { api } = await person();
    return { api, path: '/users/me', body: { display_name: 'Countess' } };
  },
  'PUT /users/me/settings': async () => {
    const { api } = await person();
    return { api, path: '/users/me/settings', body: { theme: 'dark' } };
  },
  'PATCH /users/:id': async () => {
    const { id } = await person();
    return { api: await userAdmin(), path: `/users/${id}`, body: { status: 'suspended' } };
  },
  'DELETE /users/:id': async () => {
    const { id } = await person();
    return { api: await userAdmin(), path: `/users/${id}` };
  },
};

/** Routes whose callers are not known. */
const ANONYMOUS = ['POST /api/v1/auth/register', 'POST /api/v1/auth/forgot-password'];

/** Routes that write no event, or are tested elsewhere. */
const UNRECORDED = [
  // An authenticator app counts once it is confirmed, and a passkey once it is added.
  'POST /api/v1/auth/factors/totp',
  'POST /api/v1/auth/factors/passkeys/options',
  // A challenge works once, so that the same request cannot be sent again: see the test below.
  'POST /api/v1/auth/factors/passkeys',
  // Needs a form with Keycloak's token: `test/identity-provider/backchannel-logout.e2e.ts` tests its event.
  'POST /api/v1/auth/backchannel-logout',
  // Prolongs a session, many times a day: its start and end are events, and a token that is used twice.
  'POST /api/v1/auth/refresh',
  // Changes nothing: it compares the permissions of two people.
  'POST /api/v1/rights/compare',
];

const titleOf = ({ method, path }: DeclaredRoute) => `${method} ${path}`;
const changing = (routes: DeclaredRoute[]) => routes.filter(({ method }) => method !== 'GET').map(titleOf);

const send = (title: string, { api, path, body }: GoodRequest): Promise<Answer<unknown>> => {
  const method = title.split(' ')[0] as 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  if (method === 'DELETE') return api.delete(path);
  if (method === 'POST') return api.post(path, body);
  return method === 'PUT' ? api.put(path, body) : api.patch(path, body);
};

/** What changes may alter; a login's attempt is counted in any case. */
const TABLES = {
  identity: {
    accounts: '*',
    factors: '*',
    oauth_clients: '*',
    passkeys: '*',
    permissions: '*',
    recovery_codes: '*',
    role_permissions: '*',
    roles: '*',
    sessions: 'id, account_id, expires_at',
  },
  users: { identities: '*', users: '*' },
};

async function contentOf(database: DataSource) {
  const { schema } = database.options as { schema?: string };
  const tables = Object.entries(TABLES[schema as 'identity' | 'users']);
  return Promise.all(
    tables.map(([table, columns]) =>
      database.query(`SELECT ${columns} FROM ${schema}.${table} AS row ORDER BY row::text`),
    ),
  );
}

it('every changing route has a request here', () => {
  expect(Object.keys(IDENTITY_PROVIDER).concat(UNRECORDED).sort()).toEqual(
    changing(apps.routes.identityProvider).sort(),
  );
  expect(Object.keys(USER_SERVICE).sort()).toEqual(changing(apps.routes.userService).sort());
});

describe.each([
  ['identity-provider', IDENTITY_PROVIDER, () => apps.idp.database],
  ['user-service', USER_SERVICE, () => apps.service.database],
] as const)('a change through %s', (_, requests, open) => {
  it.each(Object.keys(requests))('%s is written to the audit log', async (title) => {
    const request = await (requests[title] as () => Promise<GoodRequest>)();
    let requestId: string | null = null;
    const written = await eventsDuring(open(), async () => {
      const { status, headers } = await send(title, request);
      expect(status).toBeLessThan(300);
      requestId = headers.get('x-request-id');
    });
    expect(written.length).toBeGreaterThan(0);
    for (const event of written) {
      expect(event).toMatchObject({
        outcome: 'success',
        actor_sub: ANONYMOUS.includes(title) ? null : expect.any(String),
        target_id: expect.any(String),
        address: '127.0.0.1',
        user_agent: 'node',
        request_id: requestId,
      });
    }
  });

  it.each(Object.keys(requests))('%s is not made if the audit log cannot be written', async (title) => {
    const request = await (requests[title] as () => Promise<GoodRequest>)();
    const before = await contentOf(open());
    const events = (await auditRows(open())).length;
    const { status } = await whileAuditFails(open(), () => send(title, request));
    expect(status).toBeGreaterThanOrEqual(500);
    expect(await contentOf(open())).toEqual(before);
    expect(await auditRows(open())).toHaveLength(events);
    // The request itself is good.
    expect((await send(title, request)).status).toBeLessThan(300);
  });
});

it('a passkey is written to the audit log, and not added if that fails', async () => {
  const api = await apps.idp.sessionOf(await accountWithPassword());
  const add = async () => {
    const { data } = await api.post('/auth/factors/passkeys/options', {});
    const passkey = new SoftwarePasskey(apps.idp.settings.signing.issuer, '');
    return (await api.post('/auth/factors/passkeys', passkey.create(data))).status;
  };
  const { database } = apps.idp;
  expect(await whileAuditFails(database, add)).toBeGreaterThanOrEqual(500);
  expect((await api.get('/auth/factors')).data).toEqual([]);
  const written = await eventsDuring(database, async () => expect(await add()).toBe(201));
  expect(written.map(({ action }) => action)).toEqual(['factor.added', 'factor.added']);
});
