import { parse } from 'dotenv';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createRealm, keycloakEnv, type TestRealm } from '../support/keycloak.js';
import { requestTokens } from '../support/keycloak-tokens.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { keycloakSettings, startTestUserService } from '../support/user-service.js';
import { CliCheckout, type Variables } from './cli-checkout.js';

interface Check {
  name: string;
  status: string;
  message: string;
  remedy: string | null;
}

let checkout: CliCheckout;
let database: TestDatabase;
let env: Variables;
const realms: TestRealm[] = [];
beforeAll(async () => {
  checkout = await CliCheckout.make();
  database = await createTestDatabase();
  const pair = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
  env = { ...pair, DATABASE_URL: database.url };
  await checkout.twinkey(['seed'], env);
});
afterAll(async () => {
  for (const realm of realms) await realm.delete();
  await database.close();
  await checkout.close();
});

async function makeRealm(...overrides: Parameters<typeof createRealm>): Promise<TestRealm> {
  const realm = await createRealm(...overrides);
  realms.push(realm);
  return realm;
}

/** The Keycloak checks of doctor, by name. */
async function doctor(realm: TestRealm, overrides: Variables = {}) {
  const settings = { ...env, ...keycloakEnv(realm), ...overrides };
  const { code, stdout } = await checkout.twinkey(['doctor', '--json'], settings);
  const checks: Check[] = JSON.parse(stdout).checks;
  const keycloak = checks.filter(({ name }) => name.startsWith('keycloak.'));
  return { code, stdout, checks: Object.fromEntries(keycloak.map((check) => [check.name.slice(9), check])) };
}

it('finds no problem in the shipped realm, and prints no secret', async () => {
  const realm = await makeRealm();
  const { code, checks, stdout } = await doctor(realm);
  expect(code).toBe(0);
  expect(Object.entries(checks).map(([name, { status }]) => `${name} ${status}`)).toEqual([
    'reachable ok',
    'issuer ok',
    'keys ok',
    'client ok',
    'clock ok',
    'algorithm ok',
    'subject ok',
    'audience ok',
    'rights ok',
    'realm-roles ok',
    'role-map ok',
  ]);
  expect(stdout).not.toContain(realm.clientSecret);
  expect(stdout).not.toContain('eyJ');
});

it('finds nothing broken in a realm whose name has blanks and letters beyond ASCII, nor in a URL in upper case', async () => {
  const realm = await makeRealm({ realm: `Größe 100% ${process.pid}` });
  const KEYCLOAK_URL = realm.keycloak.url.replace(/^.*?(?=:\d)/, (origin) => origin.toUpperCase());
  const { code, checks } = await doctor(realm, { KEYCLOAK_URL });
  expect(Object.values(checks).filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(code).toBe(0);
});

it('reports an issuer that differs from the URL in the settings', async () => {
  const realm = await makeRealm();
  const elsewhere = new URL(inject('keycloak').url);
  elsewhere.hostname = elsewhere.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
  const { code, checks } = await doctor(realm, {
    KEYCLOAK_URL: elsewhere.origin,
    KEYCLOAK_INTERNAL_URL: inject('keycloak').url,
  });
  expect(code).toBe(1);
  expect(checks['issuer']).toMatchObject({
    status: 'broken',
    remedy: expect.stringContaining('KEYCLOAK_URL'),
  });
});

it.each([
  ['a wrong client secret', { KEYCLOAK_CLIENT_SECRET: 'wrong' }, 'client'],
  ['an unknown client', { KEYCLOAK_CLIENT_ID: 'nobody' }, 'client'],
  ['an unknown realm', { KEYCLOAK_REALM: 'nowhere' }, 'reachable'],
  ['a server that does not answer', { KEYCLOAK_INTERNAL_URL: 'http://127.0.0.1:1' }, 'reachable'],
])('reports %s', async (_, overrides, name) => {
  const { code, checks } = await doctor(await makeRealm(), overrides as Variables);
  expect(code).toBe(1);
  expect(checks[name]).toMatchObject({ status: 'broken', remedy: expect.any(String) });
});

it('reports a service account with too few or too many rights', async () => {
  const realm = await makeRealm();
  const [account] = await realm.admin.users.find({ username: 'service-account-user-service', exact: true });
  const [management] = await realm.admin.clients.find({ clientId: 'realm-management' });
  const mapping = { id: String(account?.id), clientUniqueId: String(management?.id) };
  const role = async (roleName: string) => {
    const found = await realm.admin.clients.findRole({ id: mapping.clientUniqueId, roleName });
    return [{ id: String(found?.id), name: roleName }];
  };
  await realm.admin.users.addClientRoleMappings({ ...mapping, roles: await role('manage-realm') });
  expect((await doctor(realm)).checks['rights']).toMatchObject({
    status: 'warning',
    message: expect.stringContaining('manage-realm'),
  });

  await realm.admin.users.delClientRoleMappings({ ...mapping, roles: await role('manage-users') });
  const { code, checks } = await doctor(realm);
  expect(code).toBe(1);
  expect(checks['rights']).toMatchObject({
    status: 'broken',
    message: expect.stringMatching(/lacks manage-users/),
  });
});

it('reports tokens that are not signed with RS256, and tokens with another audience', async () => {
  const realm = await makeRealm({ defaultSignatureAlgorithm: 'PS256' });
  const { code, checks } = await doctor(realm, { KEYCLOAK_AUDIENCE: 'somebody-else' });
  expect(code).toBe(1);
  expect(checks['algorithm']).toMatchObject({ status: 'broken', message: expect.stringContaining('PS256') });
  expect(checks['audience']).toMatchObject({
    status: 'broken',
    message: expect.stringMatching(/for user-service, .* for somebody-else/),
  });

  const [client] = await realm.admin.clients.find({ clientId: 'user-service' });
  const [mapper] = client?.protocolMappers ?? [];
  await realm.admin.clients.delProtocolMapper({ id: String(client?.id), mapperId: String(mapper?.id) });
  expect((await doctor(realm)).checks['audience']).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('audience mapper'),
  });
});

it('detects a client with pairwise subjects from the profiles that it created', async () => {
  const mapper = (protocolMapper: string, config: Record<string, string>) => ({
    name: protocolMapper,
    protocol: 'openid-connect',
    protocolMapper,
    config,
  });
  const realm = await makeRealm({
    clients: [
      {
        clientId: 'pairwise',
        publicClient: true,
        directAccessGrantsEnabled: true,
        redirectUris: ['http://localhost/'],
        protocolMappers: [
          mapper('oidc-audience-mapper', {
            'included.client.audience': 'user-service',
            'access.token.claim': 'true',
          }),
          mapper('oidc-sha256-pairwise-sub-mapper', { pairwiseSubAlgorithmSalt: 'salt' }),
        ],
      },
    ],
  });
  const service = await startTestUserService({
    databaseUrl: database.url,
    keycloak: keycloakSettings(realm),
  });
  try {
    const user = await realm.createUser();
    const { username, password } = user;
    const credentials = { grant_type: 'password', client_id: 'pairwise', username, password };
    const { accessToken } = await requestTokens(realm.issuer, credentials);
    const { data } = await service.api.as(await realm.passwordToken(user)).get('/users/me');
    expect((await doctor(realm)).checks).not.toHaveProperty('pairwise');

    const second = await service.api.as(accessToken).get('/users/me');
    expect(second.data.id).not.toBe(data.id);
    const { code, checks } = await doctor(realm);
    expect([code, checks['pairwise']?.status]).toEqual([0, 'warning']);
    expect(checks['pairwise']?.message).toContain(second.data.sub);
  } finally {
    await service.close();
  }
});

it('checks where Keycloak sends logouts, with the administrator in the environment', async () => {
  const logoutUrl = 'http://localhost:8001/api/v1/auth/backchannel-logout';
  const realm = await createRealm({}, undefined, { logoutUrl });
  realms.push(realm);
  const { username, password } = inject('keycloak').admin;
  const admin = { KEYCLOAK_ADMIN: username, KEYCLOAK_ADMIN_PASSWORD: password };
  const logout = async (overrides: Variables = admin) => (await doctor(realm, overrides)).checks['logout'];
  expect(await logout()).toMatchObject({ status: 'ok', message: expect.stringContaining(logoutUrl) });
  expect(await logout({ ...admin, KEYCLOAK_ADMIN_PASSWORD: 'wrong' })).toMatchObject({ status: 'skipped' });
  expect(await logout({ ...admin, KEYCLOAK_LOGOUT_CLIENTS: 'test' })).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('Backchannel logout URL'),
  });
  const [client] = await realm.admin.clients.find({ clientId: 'frontend' });
  const change = (name: string, value: string) =>
    realm.admin.clients.update(
      { id: String(client?.id) },
      { ...client, attributes: { ...client?.attributes, [name]: value } },
    );
  await change('backchannel.logout.session.required', 'false');
  expect(await logout()).toMatchObject({
    status: 'warning',
    remedy: expect.stringContaining('session required'),
  });
  await change('backchannel.logout.url', 'http://localhost:8001/logout');
  expect(await logout()).toMatchObject({ status: 'warning', message: expect.stringContaining('/logout') });
});

it('warns about a role that does not exist in Twinkey', async () => {
  const { code, checks } = await doctor(await makeRealm(), {
    KEYCLOAK_ROLE_MAP: 'a=admin,b=Admin,c=helpdesk',
  });
  expect(code).toBe(0);
  expect(checks['role-map']).toMatchObject({
    status: 'warning',
    message: expect.stringMatching(/names Admin, helpdesk,/),
  });
});
