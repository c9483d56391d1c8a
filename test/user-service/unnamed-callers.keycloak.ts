import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Identity } from '#libs/database/users/identity.entity.js';
import { User } from '#libs/database/users/user.entity.js';
import type { Api } from '../support/api.js';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import { readToken, requestTokens } from '../support/keycloak-tokens.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { keycloakSettings, startTestUserService, type TestUserService } from '../support/user-service.js';

const mapper = (protocolMapper: string, config: Record<string, string> = {}) => ({
  name: protocolMapper,
  protocol: 'openid-connect',
  protocolMapper,
  config: { 'access.token.claim': 'true', 'lightweight.claim': 'true', ...config },
});
const AUDIENCE = mapper('oidc-audience-mapper', { 'included.client.audience': 'user-service' });
const SUBJECT = mapper('oidc-sub-mapper');

let realm: TestRealm;
let proxy: TcpProxy;
let service: TestUserService;
beforeAll(async () => {
  realm = await createRealm({
    clients: [
      {
        clientId: 'light',
        publicClient: true,
        directAccessGrantsEnabled: true,
        attributes: { 'client.use.lightweight.access.token.enabled': 'true' },
        protocolMappers: [AUDIENCE, SUBJECT],
      },
    ],
  });
  proxy = await TcpProxy.start(realm.keycloak.url);
  service = await startTestUserService({ keycloak: keycloakSettings(realm, { internalUrl: proxy.url }) });
});
afterEach(() => proxy.set({ kind: 'pass' }));
afterAll(async () => {
  await service?.close();
  await proxy?.close();
  await realm?.delete();
});

/** With a lightweight access token. */
async function callerOf({ username, password }: TestUser): Promise<Api> {
  const { accessToken } = await requestTokens(realm.issuer, {
    grant_type: 'password',
    client_id: 'light',
    username,
    password,
  });
  expect(readToken(accessToken)[1]).not.toHaveProperty('preferred_username');
  return service.api.as(accessToken);
}

const rowsOf = (sub: string) => service.database.manager.countBy(Identity, { issuer: 'keycloak', sub });

/** How many requests for users Keycloak got meanwhile. */
async function asked(work: () => Promise<unknown>): Promise<number> {
  const before = proxy.requests.length;
  await work();
  return proxy.requests.slice(before).filter((line) => line.includes('/users')).length;
}

const toldHoursAgo = (sub: string, hours: number) =>
  service.database.query(
    `UPDATE users.identities SET told_at = now() - $2 * interval '1 hour' WHERE sub = $1`,
    [sub, hours],
  );

describe('a person with a lightweight access token', () => {
  it('has names from the first call on, for which Keycloak is asked once', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    const expected = {
      sub: user.id,
      username: user.username,
      email: user.email,
      first_name: user.firstName,
      last_name: user.lastName,
    };
    const count = await asked(async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => caller.get('/users/me')));
      for (const { status, data } of answers) {
        expect(status).toBe(200);
        expect(data).toMatchObject(expected);
      }
      expect((await (await callerOf(user)).get('/users/me')).data).toMatchObject(expected);
    });
    // Each replica asks once.
    expect(count).toBeLessThanOrEqual(Number(process.env['TEST_REPLICAS'] ?? 1));
  });

  it('is looked up again once the stored data are older than an hour', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    await caller.get('/users/me');
    await realm.admin.users.update({ id: user.id }, { lastName: 'King' });
    await toldHoursAgo(user.id, 0.9);
    expect(await asked(() => caller.get('/users/me'))).toBe(0);
    await toldHoursAgo(user.id, 1.1);
    expect((await caller.get('/users/me')).data.last_name).toBe('King');
    expect(await asked(() => caller.get('/users/me'))).toBe(0);
  });

  it('keeps the claims of an ordinary token', async () => {
    const user = await realm.createUser();
    await service.api.as(await realm.passwordToken(user)).get('/users/me');
    const caller = await callerOf(user);
    expect(await asked(() => caller.get('/users/me'))).toBe(0);
    expect((await caller.get('/users/me')).data).toMatchObject({ username: user.username });
  });

  it.each([
    ['away', { kind: 'refuse' } as const],
    ['frozen', { kind: 'freeze' } as const],
    ['failing', { kind: 'answer', status: 500 } as const],
    ['hidden by a proxy that answers 404', { kind: 'answer', status: 404 } as const],
  ])('is served with Keycloak %s, and their names are filled in afterwards', async (_, mode) => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    await service.api.as(await realm.passwordToken(await realm.createUser())).get('/users/me');
    await proxy.set(mode);
    const { status, data } = await caller.get('/users/me');
    expect([status, data.sub, data.username]).toEqual([200, user.id, null]);
    expect((await caller.put('/users/me', { display_name: 'Countess' })).status).toBe(200);
    await proxy.set({ kind: 'pass' });
    await expect
      .poll(async () => (await caller.get('/users/me')).data, { timeout: 5_000 })
      .toMatchObject({ id: data.id, username: user.username, last_name: 'Byron', display_name: 'Countess' });
  });

  it('gets 503 in time for a change of a name while Keycloak is frozen', async () => {
    const caller = await callerOf(await realm.createUser());
    await service.api.as(await realm.passwordToken(await realm.createUser())).get('/users/me');
    await proxy.set({ kind: 'freeze' });
    const start = performance.now();
    const { status, errors } = await caller.put('/users/me', { last_name: 'King' });
    expect([status, errors]).toEqual([503, ['last_name not_confirmed']]);
    expect(performance.now() - start).toBeLessThan(2_500);
  });

  it('is served until the token expires where the user is deleted in Keycloak', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    await realm.admin.users.del({ id: user.id });
    expect((await caller.get('/users/me')).status).toBe(200);
    expect(await asked(() => caller.get('/users/me'))).toBe(0);
  });

  it('stays suspended, or deleted', async () => {
    const user = await realm.createUser();
    const caller = await callerOf(user);
    const { data } = await caller.get('/users/me');
    await toldHoursAgo(user.id, 2);
    for (const status of ['suspended', 'deleted'] as const) {
      await service.database.manager.update(User, { id: data.id }, { status });
      expect((await caller.get('/users/me')).errors).toEqual([`- user_${status}`]);
    }
  });

  it('can have a username like that of a service account', async () => {
    const user = await realm.createUser({ username: 'service-account-nobody' });
    const named = service.api.as(await realm.passwordToken(user));
    expect((await named.get('/users/me')).data).toMatchObject({ username: user.username });
    const { data } = await service.internal.get(`/users/username/${user.username}`);
    expect(data.sub).toBe(user.id);
  });
});

/** A client whose refreshed or exchanged tokens do not show that they belong to a service account. */
async function makeProgram(clientId: string, scopes: string[]): Promise<{ secret: string }> {
  const secret = 'a secret of some length';
  const { id } = await realm.admin.clients.create({
    clientId,
    secret,
    publicClient: false,
    serviceAccountsEnabled: true,
    attributes: { 'client_credentials.use_refresh_token': 'true', 'standard.token.exchange.enabled': 'true' },
    protocolMappers: [AUDIENCE],
  });
  for (const { id: clientScopeId, name } of await realm.admin.clients.listDefaultClientScopes({ id })) {
    if (scopes.includes(String(name))) continue;
    await realm.admin.clients.delDefaultClientScope({ id, clientScopeId: String(clientScopeId) });
  }
  return { secret };
}

describe.each([
  ['without a username', 'program', ['basic']],
  ['with its username alone', 'named-program', ['basic', 'profile']],
])('a program whose token comes %s', (_, clientId, scopes) => {
  let tokens: Record<'refreshed' | 'exchanged', string>;
  let sub: string;
  beforeAll(async () => {
    const client = { client_id: clientId, client_secret: (await makeProgram(clientId, scopes)).secret };
    const first = await requestTokens(realm.issuer, { grant_type: 'client_credentials', ...client });
    const refreshed = await requestTokens(realm.issuer, {
      grant_type: 'refresh_token',
      refresh_token: String(first.refreshToken),
      ...client,
    });
    const exchanged = await requestTokens(realm.issuer, {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: first.accessToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...client,
    });
    tokens = { refreshed: refreshed.accessToken, exchanged: exchanged.accessToken };
    sub = String(readToken(first.accessToken)[1]['sub']);
  });

  it.each(['refreshed', 'exchanged'] as const)('%s is not a person', async (how) => {
    expect(readToken(tokens[how])[1]).not.toHaveProperty('client_id');
    const caller = service.api.as(tokens[how]);
    for (const answer of [await caller.get('/users/me'), await caller.put('/users/me', { settings: {} })]) {
      expect([answer.status, answer.errors]).toEqual([403, ['- not_a_person']]);
    }
    expect(await rowsOf(sub)).toBe(0);
    // From then on Keycloak is not asked again; each replica has to ask once.
    await caller.get('/users/me');
    expect(await asked(() => caller.get('/users/me'))).toBe(0);
  });
});

it('a service account that called while Keycloak was away loses the profile that it got', async () => {
  const client = { client_id: 'early', client_secret: (await makeProgram('early', ['basic'])).secret };
  const first = await requestTokens(realm.issuer, { grant_type: 'client_credentials', ...client });
  const refreshToken = String(first.refreshToken);
  const { accessToken } = await requestTokens(realm.issuer, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...client,
  });
  const sub = String(readToken(first.accessToken)[1]['sub']);
  const caller = service.api.as(accessToken);
  await proxy.set({ kind: 'refuse' });
  const { data } = await caller.get('/users/me');
  await proxy.set({ kind: 'pass' });
  await expect
    .poll(async () => (await caller.get('/users/me')).errors, { timeout: 5_000 })
    .toEqual(['- not_a_person']);
  expect(await rowsOf(sub)).toBe(0);
  expect(await service.database.manager.countBy(User, { id: data.id })).toBe(0);
});
